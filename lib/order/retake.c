#include "order/ending.h"

#include "order/ban.h"
#include "order/order.h"
#include "order/release.h"

/* Late money: an expired order comes back if a new one could have its courts now. */

/* What the order was. */
struct lapsed {
	int64_t account_id, venue_id;
	date date;
};
static const struct field lapsed_fields[] = {
	FIELD(struct lapsed, account_id),
	FIELD(struct lapsed, venue_id),
	FIELD(struct lapsed, date),
};
static const struct shape lapsed_shape = SHAPE(struct lapsed, lapsed_fields);

SQL(retake_hold, "SELECT courts_hold($1)");
SQL(retake_lapsed,
	"SELECT account_id, venue_id, play_date AS date FROM orders"
	" WHERE id = $1 AND state = 'expired'");
SQL(retake_periods,
	"SELECT court_id, lower(during) AS start, upper(during) AS \"end\" FROM order_item"
	" WHERE order_id = $1 AND state = 'released' ORDER BY id");
SQL(retake_account, "SELECT disabled_at IS NULL FROM account WHERE id = $1");
SQL(retake_bookings, "SELECT bookings_hold($1)");
SQL(retake_replaced, "SELECT order_replaced($1, '-infinity')");
SQL(closing_replaced, "SELECT order_replaced(id, expires_at) FROM orders WHERE id = $1");

enum err order_is_replaced(struct tx *tx, int64_t order_id, int64_t account_id, bool *replaced)
{
	violations_hold(tx, account_id);
	db_queue(tx, &retake_bookings, A(account_id));
	return db_value(tx, &closing_replaced, replaced, A(order_id));
}

/* As if it were ordered now; only the price stays as it was sold. What is looked at is
 * held: nobody changes it before this ends. */
static enum err check_as_new(struct tx *tx, int64_t order_id, const struct lapsed *was,
	const struct list *periods, enum err *why)
{
	struct order_in in = {
		.venue_id = was->venue_id, .date = was->date, .periods = *periods};
	struct order order;
	struct day day;
	const char *field;
	bool in_force = false, replaced = false;

	violations_hold(tx, was->account_id);
	db_ask_value(tx, &retake_account, &in_force, E_NOT_FOUND, A(was->account_id));
	db_queue(tx, &retake_bookings, A(was->account_id));
	db_ask_value(tx, &retake_replaced, &replaced, E_NOT_FOUND, A(order_id));
	day_ask_courts(tx, was->venue_id, was->date, order_in_courts(tx->mem, &in), &day);
	*why = db_sync(tx);
	if (*why != E_OK)
		return *why == E_VENUE_NOT_FOUND ? E_OK : *why;
	TRY(order_run_on(tx, &in, &day));
	*why = !in_force  ? E_SESSION_ENDED
	       : replaced ? E_ORDER_REPLACED
			  : order_draft(tx->mem, &in, &day, &order, &field);
	return E_OK;
}

SQL(retake_count,
	"WITH b AS (UPDATE booking_day b SET periods = b.periods + $2 FROM orders o"
	"  WHERE o.id = $1 AND b.account_id = o.account_id AND b.play_date = o.play_date"
	"  AND b.periods + $2 <= b.allowed RETURNING 1)"
	" SELECT count(*) FROM b");
/* In the order of the primary key, as order_add does; what is taken by others is
 * passed over, and then the numbers differ. */
SQL(retake_steps,
	"WITH step AS MATERIALIZED (SELECT u.unit_id, t.at, i.id FROM order_item i"
	"   JOIN court_unit u ON u.court_id = i.court_id"
	"   CROSS JOIN LATERAL generate_series(lower(i.during),"
	"    upper(i.during) - interval '30 minutes', interval '30 minutes') AS t(at)"
	"   WHERE i.order_id = $1 AND i.state = 'released'),"
	" taken AS (INSERT INTO occupancy (unit_id, at, item_id)"
	"  SELECT * FROM step ORDER BY unit_id, at"
	"  ON CONFLICT (unit_id, at) DO NOTHING RETURNING 1)"
	" SELECT (SELECT count(*) FROM step) = (SELECT count(*) FROM taken)");
static enum err take(struct tx *tx, int64_t order_id, int64_t items, enum err *why)
{
	int64_t counted;
	bool all;

	TRY(db_value(tx, &retake_count, &counted, A(order_id), A(items)));
	*why = counted == 0 ? E_QUOTA : E_OK;
	if (*why != E_OK)
		return E_OK;
	TRY(db_value(tx, &retake_steps, &all, A(order_id)));
	if (all)
		return E_OK;
	*why = E_SLOT_TAKEN;
	order_vacate(tx, order_id);
	order_uncount(tx, order_id, items);
	return E_OK;
}

SQL(retake_items,
	"UPDATE order_item SET state = 'booked', released_at = NULL"
	" WHERE order_id = $1 AND state = 'released'");
SQL(retake_order,
	"UPDATE orders SET state = 'paid', pay_state = 'paid', paid_fen = amount_fen,"
	" paid_at = $2, closed_at = NULL WHERE id = $1 AND state = 'expired'");

enum err order_retake(struct tx *tx, int64_t order_id, stamp paid_at, enum err *why)
{
	struct lapsed was;
	struct list periods;

	*why = E_ORDER_STATE;
	db_queue(tx, &retake_hold, A(order_id));
	db_ask_all(tx, &retake_periods, &period_shape, &periods, A(order_id));
	enum err err = db_one(tx, &retake_lapsed, &lapsed_shape, &was, A(order_id));
	if (err != E_OK || periods.count == 0)
		return err == E_NOT_FOUND ? E_OK : err;
	TRY(check_as_new(tx, order_id, &was, &periods, why));
	if (*why == E_OK)
		TRY(take(tx, order_id, (int64_t)periods.count, why));
	if (*why != E_OK)
		return E_OK;
	db_queue(tx, &retake_items, A(order_id));
	db_queue_one(tx, &retake_order, E_RETRY, A(order_id), A(paid_at));
	violation_take_back(tx, was.account_id, order_id, "迟到付款，场地仍保留");
	return E_OK;
}
