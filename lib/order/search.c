#include "order/search.h"

static const struct field desk_order_fields[] = {
	FIELD(struct desk_order, id),
	FIELD(struct desk_order, no),
	FIELD(struct desk_order, venue_id),
	FIELD(struct desk_order, venue_name),
	FIELD(struct desk_order, timezone, .zone = true),
	FIELD(struct desk_order, date),
	FIELD(struct desk_order, state),
	FIELD(struct desk_order, pay_state),
	FIELD(struct desk_order, amount_fen),
	FIELD(struct desk_order, paid_fen),
	FIELD(struct desk_order, refunded_fen),
	FIELD(struct desk_order, created_at),
	FIELD(struct desk_order, expires_at),
	FIELD(struct desk_order, paid_at, .optional = true),
	FIELD(struct desk_order, closed_at, .optional = true),
	FIELD(struct desk_order, kept_at, .optional = true),
	FIELD(struct desk_order, note, .optional = true),
	FIELD(struct desk_order, refund_tiers),
	FIELD(struct desk_order, customer),
	FIELD(struct desk_order, items, .of = &item_shape),
};
const struct shape desk_order_shape = SHAPE(struct desk_order, desk_order_fields);

#define DESK_COLUMNS                                                                            \
	"SELECT o.id, o.no, o.venue_id, v.name AS venue_name, v.timezone, o.play_date AS date," \
	" o.state, o.pay_state, o.amount_fen, o.paid_fen, o.refunded_fen, o.created_at,"        \
	" o.expires_at, o.paid_at, o.closed_at, o.kept_at, o.note, o.refund_tiers, " CUSTOMER
#define DESK_JOINS                                         \
	" FROM orders o JOIN venue v ON v.id = o.venue_id" \
	" JOIN account a ON a.id = o.account_id"
/* $1 … $2 are play dates, $3 a state, $4 the order behind which to go on (0: none).
 * Where to go on is one position in the index (play_date, id). */
#define FITS                                                                  \
	" o.play_date >= $1 AND (o.play_date, o.id) < (SELECT $2, " LAST      \
	" WHERE $4 = 0"                                                       \
	"  UNION ALL SELECT c.play_date, c.id FROM orders c WHERE c.id = $4)" \
	" AND ($3::text IS NULL OR o.state = $3)"
#define LAST "9223372036854775807"
#define LATEST " ORDER BY o.play_date DESC, o.id DESC LIMIT $5"

/* Venues first (OFFSET keeps it so), a page of each by its index, and of these the
 * latest. */
SQL(orders_at_venues, DESK_COLUMNS
	" FROM (SELECT w.id, w.name, w.timezone FROM venue w OFFSET 0) v"
	" CROSS JOIN LATERAL (SELECT o.* FROM orders o"
	" WHERE o.venue_id = v.id AND" FITS LATEST
	") o JOIN account a ON a.id = o.account_id" LATEST);
SQL(orders_of_phone, DESK_COLUMNS DESK_JOINS " WHERE a.phone = $6 AND" FITS LATEST);
SQL(orders_of_number, DESK_COLUMNS DESK_JOINS
	" WHERE o.no = $7 AND ($6::text IS NULL OR a.phone = $6) AND" FITS LATEST);
SQL(order_at_venue, DESK_COLUMNS DESK_JOINS " WHERE o.id = $1");

static enum err load_items(struct tx *tx, struct desk_order *orders, size_t n)
{
	int64_t *ids = NEW_N(tx->mem, int64_t, n);
	struct list items;

	for (size_t i = 0; i < n; i++)
		ids[i] = orders[i].id;
	items_ask(tx, (struct ints){ids, n}, &items);
	TRY(db_sync(tx));
	for (size_t i = 0; i < n; i++)
		orders[i].items = ROWS_OF_ORDER(&items, struct item, ids[i]);
	return E_OK;
}

enum err orders_search(
	struct tx *tx, const struct order_search *s, int64_t limit, struct list *out)
{
	bool any_day = s->date.days == 0;
	date first = {0}, last = {INT32_MAX / 2};

	if (!any_day)
		first = last = s->date;
#define FITTING A(first), A(last), A(s->state), A(s->before), A(limit)
	if (s->number)
		db_ask_all(tx, &orders_of_number, &desk_order_shape, out, FITTING, A(s->phone),
			A(s->number));
	else if (s->phone)
		db_ask_all(tx, &orders_of_phone, &desk_order_shape, out, FITTING, A(s->phone));
	else
		db_ask_all(tx, &orders_at_venues, &desk_order_shape, out, FITTING);
#undef FITTING
	TRY(db_sync(tx));
	return load_items(tx, out->at, out->count);
}

enum err order_at_desk(struct tx *tx, int64_t id, struct desk_order *out)
{
	TRY(db_one(tx, &order_at_venue, &desk_order_shape, out, A(id)));
	return load_items(tx, out, 1);
}
