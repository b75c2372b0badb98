#include "api.h"
#include "order/ban.h"
#include "order/order.h"
#include "pay/cancel.h"

#include <inttypes.h>

enum { PAGE = 20 };

static enum err place(struct req *r)
{
	const struct order_in *in = r->in;
	struct day day;
	struct order order;
	struct list taken, bans;

	r->note = NEW(r->mem, bool);
	ban_ask(&r->tx, r->caller.account_id, &bans);
	order_ask_taken(&r->tx, in, r->caller.account_id, &taken);
	day_ask_courts(&r->tx, in->venue_id, in->date, order_in_courts(r->mem, in), &day);
	enum err err = db_sync(&r->tx);
	if (err != E_OK)
		return fail(r, err, err == E_VENUE_NOT_FOUND ? "venue_id" : NULL);
	if (bans.count) {
		r->until = ((struct ban *)bans.at)->until;
		return E_BANNED;
	}
	TRY(order_run_on(&r->tx, in, &day));
	err = order_draft(r->mem, in, &day, &order, &r->field);
	if (err == E_PERIOD_TOO_LONG)
		r->detail.text = arena_printf(
			r->mem, "{\"longest_minutes\":%" PRId64 "}", day.head.longest_minutes);
	TRY(err);
	if (taken.count)
		return fail(r, E_SLOT_TAKEN, order_taken_say(r->mem, &taken, &r->detail));
	err = order_check_expected(r->mem, in, &order, &r->detail);
	if (err != E_OK)
		return fail(r, err, "expected_fen");
	TRY(order_add(&r->tx, &order, r->caller.account_id));
	return reply(r, 201, &order_shape, &order);
}

static stamp refused_until(struct req *r, struct tx *tx, enum err why)
{
	struct list bans;
	stamp until = {0};

	if (why == E_HOLDS_USED_UP &&
		order_holds_until(tx, r->caller.account_id, &until) == E_OK)
		return until;
	if (why != E_BANNED)
		return (stamp){0};
	ban_ask(tx, r->caller.account_id, &bans);
	return db_sync(tx) == E_OK && bans.count ? ((struct ban *)bans.at)->until : (stamp){0};
}

/* Who was beaten at the last moment knows only that: which period it was, or until when he
 * can't order, is looked up. */
static void place_refused(struct req *r, struct tx *tx, enum err why)
{
	struct list taken;

	if (!r->until.us)
		r->until = refused_until(r, tx, why);
	if (why != E_SLOT_TAKEN || r->field)
		return;
	order_ask_taken(tx, r->in, r->caller.account_id, &taken);
	if (db_sync(tx) == E_OK)
		r->field = order_taken_say(r->mem, &taken, &r->detail);
}

static enum err list_mine(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, PAGE);
	struct list orders;

	TRY(order_list(&r->tx, r->caller.account_id, page->cursor, limit, &orders));
	return reply_page(r, &order_shape, &orders, limit);
}

static enum err show(struct req *r)
{
	struct order order;

	TRY(order_load(&r->tx, r->arg[0], r->caller.account_id, &order));
	return reply(r, 200, &order_shape, &order);
}

struct quote_query {
	const char *items;
};
static const struct field quote_query_fields[] = {
	FIELD(struct quote_query, items, .optional = true, .min = 1, .max = ITEM_IDS_TEXT),
};
static const struct shape quote_query_shape = SHAPE(struct quote_query, quote_query_fields);

/* What giving up would bring, now. */
static enum err quote(struct req *r)
{
	const struct quote_query *q = r->query;
	struct cancellable order;
	struct cancellation c;
	struct ints items = {0};

	if (q->items && !item_ids_parse(r->mem, q->items, &items))
		return fail(r, E_BAD_FIELD, "items");
	TRY(order_cancellable(&r->tx, r->arg[0], r->caller.account_id, false, &order));
	enum err err = cancellation_quote(r->mem, &order, items, &c);
	if (err != E_OK)
		return fail(r, err, err == E_NOT_FOUND ? "items" : NULL);
	return reply(r, 200, &cancellation_shape, &c);
}

struct cancel_in {
	struct list items;
	int64_t refund_fen; /* -1: not said */
};
static const struct field cancel_in_fields[] = {
	FIELD(struct cancel_in, items, .optional = true, .min = 1, .max = PERIODS_MAX,
		.of = &item_id_shape),
	FIELD(struct cancel_in, refund_fen, .optional = true, .min = 0, .max = ID_MAX,
		.absent = -1),
};
static const struct shape cancel_in_shape = SHAPE(struct cancel_in, cancel_in_fields);

static enum err cancel(struct req *r)
{
	const struct cancel_in *in = r->in;
	struct order order;

	TRY(order_cancel(&r->tx,
		&(struct cancel_params){.order_id = r->arg[0],
			.account_id = r->caller.account_id,
			.items = item_ids(in->items),
			.expected_fen = in->refund_fen},
		&r->field));
	TRY(order_load(&r->tx, r->arg[0], r->caller.account_id, &order));
	return reply(r, 200, &order_shape, &order);
}

const struct route order_routes[] = {
	{POST, "/api/v1/orders", USER, TX_WRITE, place, .body = &order_in_shape,
		.flags = IDEMPOTENT, .refused = place_refused,
		.says = "Order one or several periods, all or nothing"},
	{GET, "/api/v1/orders", USER, TX_READ, list_mine, .query = &page_shape,
		.says = "Own orders, newest first"},
	{GET, "/api/v1/orders/{order}", USER, TX_READ, show, .says = "One of the own orders"},
	{GET, "/api/v1/orders/{order}/cancellation", USER, TX_READ, quote,
		.query = &quote_query_shape,
		.says = "What giving up an order or a part would bring"},
	{POST, "/api/v1/orders/{order}/cancellation", USER, TX_WRITE, cancel,
		.body = &cancel_in_shape, .flags = IDEMPOTENT,
		.says = "Give up an order or a part of it, at the price that was shown"},
	{0},
};
