#include "order/ending.h"

#include "order/ban.h"
#include "order/release.h"

/* Late money: an expired order comes back if nobody else has its courts. */

/* What the order had. */
struct lapsed {
	int64_t account_id, items, steps;
	bool ahead; /* none of it has begun */
};
static const struct field lapsed_fields[] = {
	FIELD(struct lapsed, account_id),
	FIELD(struct lapsed, items),
	FIELD(struct lapsed, steps),
	FIELD(struct lapsed, ahead),
};
static const struct shape lapsed_shape = SHAPE(struct lapsed, lapsed_fields);

#define STEPS_OF_ORDER                                                               \
	" order_item i JOIN court_unit u ON u.court_id = i.court_id"                 \
	" CROSS JOIN LATERAL generate_series(lower(i.during),"                       \
	"  upper(i.during) - interval '30 minutes', interval '30 minutes') AS t(at)" \
	" WHERE i.order_id = $1 AND i.state = 'released'"

SQL(retake_hold, "SELECT courts_hold($1)");
SQL(retake_lapsed,
	"SELECT o.account_id, count(i.id) AS items,"
	" (SELECT count(*) FROM" STEPS_OF_ORDER
	") AS steps,"
	" coalesce(bool_and(lower(i.during) > now()), false) AS ahead"
	" FROM orders o LEFT JOIN order_item i ON i.order_id = o.id AND i.state = 'released'"
	" WHERE o.id = $1 AND o.state = 'expired' AND EXISTS (SELECT 1 FROM account a"
	"  WHERE a.id = o.account_id AND a.left_at IS NULL) AND NOT EXISTS (SELECT 1"
	"  FROM order_item x JOIN court c ON c.id = x.court_id JOIN venue v ON v.id = c.venue_id"
	"  WHERE x.order_id = o.id AND (c.closed_at IS NOT NULL OR v.closed_at IS NOT NULL"
	"   OR least(c.ends_on, v.ends_on) <= o.play_date"
	"   OR NOT EXISTS (SELECT 1 FROM court_unit u WHERE u.court_id = c.id)))"
	" GROUP BY o.account_id");

SQL(retake_count,
	"WITH b AS (UPDATE booking_day b SET periods = b.periods + $2 FROM orders o"
	"  WHERE o.id = $1 AND b.account_id = o.account_id AND b.play_date = o.play_date"
	"  AND b.periods + $2 <= b.allowed RETURNING 1)"
	" SELECT count(*) FROM b");
/* In the order of the primary key, as order_add does; what is taken by others is
 * passed over, and then the numbers differ. */
SQL(retake_steps,
	"WITH s AS (INSERT INTO occupancy (unit_id, at, item_id)"
	"  SELECT u.unit_id, t.at, i.id FROM" STEPS_OF_ORDER
	" ORDER BY u.unit_id, t.at"
	"  ON CONFLICT (unit_id, at) DO NOTHING RETURNING 1)"
	" SELECT count(*) FROM s");
static enum err take(struct tx *tx, int64_t order_id, const struct lapsed *had, bool *taken)
{
	int64_t counted, steps;

	TRY(db_value(tx, &retake_count, &counted, A(order_id), A(had->items)));
	if (counted == 0)
		return E_OK;
	TRY(db_value(tx, &retake_steps, &steps, A(order_id)));
	*taken = steps == had->steps;
	if (*taken)
		return E_OK;
	order_vacate(tx, order_id);
	order_uncount(tx, order_id, had->items);
	return E_OK;
}

SQL(retake_items,
	"UPDATE order_item SET state = 'booked', released_at = NULL"
	" WHERE order_id = $1 AND state = 'released'");
SQL(retake_order,
	"UPDATE orders SET state = 'paid', pay_state = 'paid', paid_fen = amount_fen,"
	" paid_at = $2, closed_at = NULL WHERE id = $1 AND state = 'expired'");

enum err order_retake(struct tx *tx, int64_t order_id, stamp paid_at, bool *taken)
{
	struct lapsed had;

	*taken = false;
	db_queue(tx, &retake_hold, A(order_id));
	enum err err = db_one(tx, &retake_lapsed, &lapsed_shape, &had, A(order_id));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	if (!had.ahead || had.items == 0 || had.steps == 0)
		return E_OK;
	violations_hold(tx, had.account_id);
	TRY(take(tx, order_id, &had, taken));
	if (!*taken)
		return E_OK;
	db_queue(tx, &retake_items, A(order_id));
	db_queue_one(tx, &retake_order, E_RETRY, A(order_id), A(paid_at));
	violation_take_back(tx, had.account_id, order_id, "迟到付款，场地仍保留");
	return E_OK;
}
