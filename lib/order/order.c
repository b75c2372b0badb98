#include "order/order.h"

#include "base/settings.h"
#include "message/message.h"
#include "order/state.h"

#include <inttypes.h>

static const struct field order_refund_fields[] = {
	FIELD(struct order_refund, id),
	FIELD(struct order_refund, order_id, .hidden = true),
	FIELD(struct order_refund, amount_fen),
	FIELD(struct order_refund, cause),
	FIELD(struct order_refund, reason),
	FIELD(struct order_refund, state),
	FIELD(struct order_refund, created_at),
	FIELD(struct order_refund, done_at, .optional = true),
};
static const struct shape order_refund_shape = SHAPE(struct order_refund, order_refund_fields);

static const struct field order_fields[] = {
	FIELD(struct order, id),
	FIELD(struct order, no),
	FIELD(struct order, account_id, .hidden = true),
	FIELD(struct order, venue_id),
	FIELD(struct order, venue_name),
	FIELD(struct order, timezone, .zone = true),
	FIELD(struct order, date),
	FIELD(struct order, state),
	FIELD(struct order, pay_state),
	FIELD(struct order, amount_fen),
	FIELD(struct order, refunded_fen),
	FIELD(struct order, created_at),
	FIELD(struct order, expires_at),
	FIELD(struct order, paid_at, .optional = true),
	FIELD(struct order, note, .optional = true),
	FIELD(struct order, refund_tiers),
	FIELD(struct order, items, .of = &item_shape),
	FIELD(struct order, refunds, .of = &order_refund_shape),
};
const struct shape order_shape = SHAPE(struct order, order_fields);

/* The date (China's) and the id: sorts by time, reads well on the phone. */
static const char *order_number(struct arena *mem, stamp created, int64_t id)
{
	char text[STAMP_TEXT];

	stamp_write(text, created);
	return arena_printf(mem, "%.4s%.2s%.2s%010" PRId64, text, text + 5, text + 8, id);
}

/* The account's row is held, as the foreign key would do anyway: a customer can't leave
 * (account/leave.h) while an order is being made. */
SQL(order_insert,
	"INSERT INTO orders (id, no, account_id, venue_id, play_date, amount_fen, note,"
	" created_at, expires_at, refund_tiers, frame, holds_open, holds_ended)"
	" SELECT $1, $2, a.id, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12, $13 FROM account a"
	" WHERE a.id = $3 AND a.disabled_at IS NULL FOR KEY SHARE");
SQL(order_items_insert,
	"INSERT INTO order_item (id, order_id, venue_id, court_id, during, price_fen, last_date)"
	" SELECT t.id, $1, $2, t.court, tstzrange(t.starts, t.ends, '[)'), t.price,"
	"  CASE WHEN t.runs_on = 1 THEN $9::date + 1 END"
	" FROM unnest($3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[],"
	"  $7::bigint[], $8::bigint[]) AS t(id, court, starts, ends, price, runs_on)");
/* In the order of the primary key, so that rivals queue up and never deadlock. */
SQL(occupancy_take,
	"INSERT INTO occupancy (unit_id, at, item_id)"
	" SELECT u.unit_id, t.at, t.item FROM"
	" unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS t(court, at, item)"
	" JOIN court_unit u ON u.court_id = t.court ORDER BY u.unit_id, t.at");
/* The limit is written with the count: the check constraint refuses one too many. */
SQL(quota_take,
	"INSERT INTO booking_day (account_id, play_date, periods, allowed)"
	" VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, play_date) DO UPDATE"
	" SET periods = booking_day.periods + excluded.periods, allowed = excluded.allowed");

static const struct field taken_period_fields[] = {
	FIELD(struct taken_period, nth),
	FIELD(struct taken_period, own_order_id),
};
static const struct shape taken_period_shape = SHAPE(struct taken_period, taken_period_fields);

SQL(order_taken,
	"SELECT t.nth, coalesce(hit.own, 0) AS own_order_id"
	" FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[])"
	"  WITH ORDINALITY AS t(court, starts, ends, nth)"
	" CROSS JOIN LATERAL (SELECT max(d.id) AS own FROM court_unit u"
	"   JOIN occupancy o ON o.unit_id = u.unit_id LEFT JOIN order_item i ON i.id = o.item_id"
	"   LEFT JOIN orders d ON d.id = i.order_id AND d.account_id = $4"
	"  WHERE u.court_id = t.court AND o.at >= t.starts AND o.at < t.ends"
	"  HAVING count(*) > 0) AS hit ORDER BY t.nth LIMIT 1");

void order_ask_taken(
	struct tx *tx, const struct order_in *in, int64_t account_id, struct list *out)
{
	const struct period *p = in->periods.at;
	size_t n = in->periods.count;
	stamp *starts = NEW_N(tx->mem, stamp, n), *ends = NEW_N(tx->mem, stamp, n);

	for (size_t i = 0; i < n; i++) {
		starts[i] = p[i].start;
		ends[i] = p[i].end;
	}
	db_ask_all(tx, &order_taken, &taken_period_shape, out, A(order_in_courts(tx->mem, in)),
		A(((struct stamps){starts, n})), A(((struct stamps){ends, n})), A(account_id));
}

const char *order_taken_say(struct arena *mem, const struct list *taken, raw_json *detail)
{
	const struct taken_period *first = taken->at;

	if (taken->count == 0)
		return NULL;
	if (first->own_order_id)
		detail->text = arena_printf(mem, "{\"mine\":%" PRId64 "}", first->own_order_id);
	return arena_printf(mem, "periods[%" PRId64 "]", first->nth - 1);
}

enum err order_run_on(struct tx *tx, const struct order_in *in, struct day *day)
{
	const struct period *p = in->periods.at;
	stamp until = {0};

	for (size_t i = 0; i < in->periods.count; i++)
		if (p[i].end.us > until.us)
			until = p[i].end;
	return day_run_on(tx, order_in_courts(tx->mem, in), until, day);
}

static void add_items(struct tx *tx, const struct order *order)
{
	const struct item *items = order->items.at;
	size_t n = order->items.count;
	int64_t *ids = NEW_N(tx->mem, int64_t, n), *courts = NEW_N(tx->mem, int64_t, n);
	int64_t *prices = NEW_N(tx->mem, int64_t, n), *runs_on = NEW_N(tx->mem, int64_t, n);
	stamp *starts = NEW_N(tx->mem, stamp, n), *ends = NEW_N(tx->mem, stamp, n);

	for (size_t i = 0; i < n; i++) {
		ids[i] = items[i].id;
		courts[i] = items[i].court_id;
		prices[i] = items[i].price_fen.fen;
		runs_on[i] = items[i].runs_on;
		starts[i] = items[i].start;
		ends[i] = items[i].end;
	}
	db_queue(tx, &order_items_insert, A(order->id), A(order->venue_id),
		A(((struct ints){ids, n})), A(((struct ints){courts, n})),
		A(((struct stamps){starts, n})), A(((struct stamps){ends, n})),
		A(((struct ints){prices, n})), A(((struct ints){runs_on, n})), A(order->date));
}

static void take_steps(struct tx *tx, const struct order *order)
{
	const struct item *items = order->items.at;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < order->items.count; i++)
		n += (size_t)((items[i].end.us - items[i].start.us) / STEP);
	int64_t *courts = NEW_N(tx->mem, int64_t, n), *ids = NEW_N(tx->mem, int64_t, n);
	stamp *at = NEW_N(tx->mem, stamp, n);
	for (size_t i = 0; i < order->items.count; i++)
		for (int64_t us = items[i].start.us; us < items[i].end.us; us += STEP, k++) {
			courts[k] = items[i].court_id;
			at[k].us = us;
			ids[k] = items[i].id;
		}
	db_queue(tx, &occupancy_take, A(((struct ints){courts, n})),
		A(((struct stamps){at, n})), A(((struct ints){ids, n})));
}

SQL(account_holds_until, "SELECT coalesce(holds_until($1, $2, $3), now())");

enum err order_holds_until(struct tx *tx, int64_t account_id, stamp *until)
{
	return db_value(tx, &account_holds_until, until, A(account_id),
		A(settings.holds_at_once), A(settings.holds_ended_per_day));
}

SQL(order_free_paid,
	"UPDATE orders SET state = 'paid', pay_state = 'paid', paid_at = created_at"
	" WHERE id = $1 AND state = 'pending' AND amount_fen = 0");
SQL(order_free_booked,
	"UPDATE order_item SET state = 'booked' WHERE order_id = $1 AND state = 'held'");

/* Nothing is to be paid, so it is: no channel is asked, and nothing expires. */
static enum err book_free(struct tx *tx, struct order *order)
{
	struct item *items = order->items.at;

	db_queue_one(tx, &order_free_paid, E_INTERNAL, A(order->id));
	db_queue(tx, &order_free_booked, A(order->id));
	order->state = order_state_word(ORDER_PAID);
	order->pay_state = "paid";
	order->paid_at = order->created_at;
	for (size_t i = 0; i < order->items.count; i++)
		items[i].state = item_state_word(ITEM_BOOKED);
	return message_tell(tx, MESSAGE_ORDER_PAID,
		&(struct message_about){.order_id = order->id, .venue_id = order->venue_id});
}

enum err order_add(struct tx *tx, struct order *order, int64_t account_id)
{
	struct item *items = order->items.at;
	int64_t id;

	TRY(ids_take(tx, 1 + order->items.count, &id));
	order->id = id++;
	order->account_id = account_id;
	order->no = order_number(tx->mem, order->created_at, order->id);
	for (size_t i = 0; i < order->items.count; i++)
		items[i].id = id++;
	db_queue_one(tx, &order_insert, E_SESSION_ENDED, A(order->id), A(order->no),
		A(account_id), A(order->venue_id), A(order->date), A(order->amount_fen),
		A(order->note), A(order->created_at), A(order->expires_at),
		A(order->refund_tiers.text), A(order->frame), A(settings.holds_at_once),
		A(settings.holds_ended_per_day));
	db_queue(tx, &quota_take, A(account_id), A(order->date), A((int64_t)order->items.count),
		A(settings.quota_per_day));
	add_items(tx, order);
	take_steps(tx, order);
	TRY(message_tell(tx, MESSAGE_ORDER_CREATED,
		&(struct message_about){.order_id = order->id, .venue_id = order->venue_id}));
	return order->amount_fen.fen == 0 ? book_free(tx, order) : E_OK;
}

#define ORDER_COLUMNS                                                                                  \
	"o.id, o.no, o.account_id, o.venue_id, v.name AS venue_name, v.timezone, o.play_date AS date," \
	" o.state, o.pay_state, o.amount_fen, o.refunded_fen, o.created_at, o.expires_at,"             \
	" o.paid_at, o.note, o.refund_tiers"                                                           \
	" FROM orders o JOIN venue v ON v.id = o.venue_id"

SQL(order_by_id, "SELECT " ORDER_COLUMNS " WHERE o.id = $1 AND o.account_id = $2");
/* Each worker has its own block of ids, so that ids alone don't sort by time. */
SQL(orders_of_account,
	"SELECT " ORDER_COLUMNS
	" WHERE o.account_id = $1 AND ($2 = 0 OR (o.created_at, o.id) <"
	"  (SELECT b.created_at, b.id FROM orders b WHERE b.id = $2 AND b.account_id = $1))"
	" ORDER BY o.created_at DESC, o.id DESC LIMIT $3");
SQL(refunds_of_orders,
	"SELECT r.id, r.order_id, r.amount_fen, r.cause, r.reason, CASE WHEN r.state IN"
	"  ('succeeded', 'by_hand') THEN 'succeeded' ELSE 'processing' END AS state,"
	" r.created_at, r.done_at FROM unnest($1::bigint[]) WITH ORDINALITY AS o(id, nth)"
	" JOIN refund r ON r.order_id = o.id WHERE r.state <> 'void'"
	" ORDER BY o.nth, r.created_at, r.id");

enum err order_load(struct tx *tx, int64_t id, int64_t account_id, struct order *out)
{
	struct list items, refunds;
	struct ints one = {&id, 1};

	db_ask_one(tx, &order_by_id, &order_shape, out, E_NOT_FOUND, A(id), A(account_id));
	items_ask(tx, one, &items);
	db_ask_all(tx, &refunds_of_orders, &order_refund_shape, &refunds, A(one));
	TRY(db_sync(tx));
	out->items = items;
	out->refunds = refunds;
	return E_OK;
}

enum err order_list(
	struct tx *tx, int64_t account_id, int64_t before, int64_t limit, struct list *out)
{
	struct list items, refunds;

	TRY(db_all(
		tx, &orders_of_account, &order_shape, out, A(account_id), A(before), A(limit)));
	struct order *orders = out->at;
	int64_t *ids = NEW_N(tx->mem, int64_t, out->count);
	for (size_t i = 0; i < out->count; i++)
		ids[i] = orders[i].id;
	struct ints all = {ids, out->count};
	items_ask(tx, all, &items);
	db_ask_all(tx, &refunds_of_orders, &order_refund_shape, &refunds, A(all));
	TRY(db_sync(tx));
	for (size_t i = 0; i < out->count; i++) {
		orders[i].items = ROWS_OF_ORDER(&items, struct item, ids[i]);
		orders[i].refunds = ROWS_OF_ORDER(&refunds, struct order_refund, ids[i]);
	}
	return E_OK;
}
