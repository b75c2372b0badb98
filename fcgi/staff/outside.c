#include "venue/outside.h"
#include "order/cancel.h"
#include "setup/edit.h"
#include "staff.h"

struct choose_in {
	struct outside_in in;
	struct list items; /* of struct item_id */
};
static const struct field choose_fields[] = {
	FIELD_AS(struct choose_in, in.sold, "sold", .one_of = "keep|refund_all"),
	FIELD_AS(struct choose_in, in.sold_reason, "sold_reason", .optional = true,
		.plain = PLAIN_LINE, .min = 1, .max = OUTSIDE_REASON_LENGTH),
	FIELD(struct choose_in, items, .optional = true, .min = 1, .max = OUTSIDE_MAX,
		.of = &item_id_shape),
};
static const struct shape choose_shape = SHAPE(struct choose_in, choose_fields);

static enum err list(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list outside;

	venue_require(&r->tx, r->arg[0]);
	TRY(outside_list(&r->tx, r->arg[0], page->cursor, limit, &outside));
	return reply_page(r, &outside_shape, &outside, limit);
}

struct chosen {
	struct list outside;
};
static const struct field chosen_fields[] = {
	FIELD(struct chosen, outside, .of = &outside_shape),
};
static const struct shape chosen_shape = SHAPE(struct chosen, chosen_fields);

static enum err choose(struct req *r)
{
	const struct choose_in *in = r->in;
	struct chosen chosen;

	venue_require(&r->tx, r->arg[0]);
	TRY(db_sync(&r->tx));
	enum err err = outside_choose(
		&r->tx, r->arg[0], &in->in, item_ids(in->items), &chosen.outside);
	r->field = err == E_NOT_FOUND ? "items" : NULL;
	TRY(err);
	return reply(r, 200, &chosen_shape, &chosen);
}

const struct route desk_outside_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/outside", "venue", TX_READ, list,
		.query = &page_shape,
		.says = "Sold periods outside of what is offered, undecided or not yet given back"},
	{POST, "/api/v1/staff/venues/{venue}/outside", "venue", TX_WRITE, choose,
		.body = &choose_shape, .flags = IDEMPOTENT,
		.says = "Keep them, or give them back in full"},
	{0},
};
