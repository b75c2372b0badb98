#include "order/ending.h"

#include "base/settings.h"
#include "message/message.h"
#include "order/ban.h"
#include "order/release.h"
#include "order/state.h"

#define TO_CLOSING(to)                             \
	"SET state = 'closing', closing_to = '" to \
	"', closing_at = now(), run_at = now(), tries = 0"
#define WAKE "SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM"

SQL(order_to_expire,
	"WITH o AS (UPDATE orders " TO_CLOSING("expired") " WHERE id = $1 AND state = 'pending'"
	"  AND expires_at <= now() RETURNING id) " WAKE " o");

void order_expire(struct tx *tx, int64_t order_id)
{
	db_queue(tx, &order_to_expire, A(order_id));
}

SQL(orders_to_expire,
	"WITH picked AS MATERIALIZED (SELECT id FROM orders WHERE state = 'pending'"
	"  AND expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED),"
	" o AS (UPDATE orders " TO_CLOSING("expired") " FROM picked WHERE orders.id = picked.id"
	"  AND orders.state = 'pending' RETURNING 1)"
	" SELECT count(*) AS n FROM o");

enum err orders_expire(struct tx *tx, int limit, int64_t *count)
{
	return db_value(tx, &orders_to_expire, count, A(limit));
}

SQL(order_cancel_at_once,
	"UPDATE orders SET state = 'cancelled', closed_at = now() WHERE id = $1"
	" AND state = 'pending' AND NOT EXISTS (SELECT 1 FROM payment_attempt WHERE order_id = $1)"
	" RETURNING id");
SQL(order_to_cancel,
	"WITH o AS (UPDATE orders " TO_CLOSING("cancelled") " WHERE id = $1 AND state = 'pending'"
	"  RETURNING id) " WAKE " o");

enum err order_give_up(struct tx *tx, int64_t order_id)
{
	int64_t id;
	enum err err = db_value(tx, &order_cancel_at_once, &id, A(order_id));

	if (err == E_NOT_FOUND) {
		db_queue_one(tx, &order_to_cancel, E_ORDER_STATE, A(order_id));
		return E_OK;
	}
	TRY(err);
	order_release(tx, order_id);
	return message_tell(
		tx, MESSAGE_ORDER_ENDED, &(struct message_about){.order_id = order_id});
}

static const struct field closing_fields[] = {
	FIELD(struct closing, order_id),
	FIELD(struct closing, unconfirmed),
};
static const struct shape closing_shape = SHAPE(struct closing, closing_fields);

/* Of its attempts those that a channel has to close; close_at says what pay/settle.c knows. */
#define IN_THE_WAY                                                         \
	" EXISTS (SELECT 1 FROM payment_attempt a WHERE a.order_id = o.id" \
	"  AND a.state IN ('created', 'prepaid') AND a.close_at IS DISTINCT FROM 'infinity'"
SQL(closing_take,
	"WITH picked AS MATERIALIZED (SELECT o.id FROM orders o WHERE o.state = 'closing'"
	"  AND o.run_at <= now() AND NOT" IN_THE_WAY
	"   AND NOT (a.close_tries > $3::bigint AND " CLOSING_OVERDUE("o", "$2") "))"
	"  ORDER BY o.run_at LIMIT 1 FOR UPDATE OF o SKIP LOCKED)"
	" UPDATE orders o SET run_at = now() + make_interval(secs => $1::bigint),"
	"  tries = o.tries + 1 FROM picked WHERE o.id = picked.id"
	" RETURNING o.id AS order_id," IN_THE_WAY ") AS unconfirmed");

enum err closing_claim(struct tx *tx, struct closing *out)
{
	return db_one(tx, &closing_take, &closing_shape, out, A(CLOSING_LEASE_S),
		A(settings.closing_limit_s), A(CLOSING_VAIN));
}

SQL(closing_lock,
	"SELECT account_id, closing_to FROM orders WHERE id = $1 AND state = 'closing'"
	" FOR UPDATE");
SQL(order_end,
	"UPDATE orders SET state = closing_to, closed_at = now(), run_at = NULL,"
	" unconfirmed = $2 WHERE id = $1 AND state = 'closing'");

struct closing_row {
	int64_t account_id;
	const char *closing_to;
};
static const struct field closing_row_fields[] = {
	FIELD(struct closing_row, account_id),
	FIELD(struct closing_row, closing_to),
};
static const struct shape closing_row_shape = SHAPE(struct closing_row, closing_row_fields);

enum err order_close(struct tx *tx, int64_t order_id, bool unconfirmed)
{
	struct closing_row row;
	enum err err = db_one(tx, &closing_lock, &closing_row_shape, &row, A(order_id));

	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	violations_hold(tx, row.account_id);
	db_queue_one(tx, &order_end, E_RETRY, A(order_id), A(unconfirmed));
	order_release(tx, order_id);
	if (order_state_of(row.closing_to) == ORDER_EXPIRED)
		TRY(violation_add(tx, row.account_id, order_id));
	return message_tell(
		tx, MESSAGE_ORDER_ENDED, &(struct message_about){.order_id = order_id});
}
