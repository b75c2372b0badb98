#include "pay/desk.h"

static const struct field attempt_fields[] = {
	FIELD(struct desk_attempt, id),
	FIELD(struct desk_attempt, channel),
	FIELD(struct desk_attempt, method),
	FIELD(struct desk_attempt, out_trade_no),
	FIELD(struct desk_attempt, transaction_id, .optional = true),
	FIELD(struct desk_attempt, state),
	FIELD(struct desk_attempt, amount_fen),
	FIELD(struct desk_attempt, refunded_fen),
	FIELD(struct desk_attempt, created_at),
	FIELD(struct desk_attempt, paid_at, .optional = true),
};
const struct shape desk_attempt_shape = SHAPE(struct desk_attempt, attempt_fields);

static const struct field refund_fields[] = {
	FIELD(struct desk_refund, id),
	FIELD(struct desk_refund, order_id),
	FIELD(struct desk_refund, attempt_id),
	FIELD(struct desk_refund, out_refund_no),
	FIELD(struct desk_refund, amount_fen),
	FIELD(struct desk_refund, cause),
	FIELD(struct desk_refund, reason),
	FIELD(struct desk_refund, by, .optional = true),
	FIELD(struct desk_refund, state),
	FIELD(struct desk_refund, channel_no, .optional = true),
	FIELD(struct desk_refund, trouble, .optional = true),
	FIELD(struct desk_refund, created_at),
	FIELD(struct desk_refund, delayed_at, .optional = true),
	FIELD(struct desk_refund, done_at, .optional = true),
};
const struct shape desk_refund_shape = SHAPE(struct desk_refund, refund_fields);

SQL(desk_attempts,
	"SELECT id, channel, method, out_trade_no, transaction_id, state, amount_fen,"
	" refunded_fen, created_at, paid_at FROM payment_attempt WHERE order_id = $1"
	" ORDER BY created_at, id");
#define REFUND                                                                           \
	"SELECT r.id, r.order_id, r.attempt_id, r.out_refund_no, r.amount_fen, r.cause," \
	" r.reason, staff_name(r.by_account) AS by, r.state, r.channel_no, r.trouble,"   \
	" r.created_at, r.delayed_at, r.done_at FROM refund r WHERE "
SQL(desk_refunds, REFUND "r.order_id = $1 ORDER BY r.created_at, r.id");
SQL(desk_refund_one,
	REFUND "r.id = $1 OR r.replaces = $1 ORDER BY r.replaces NULLS LAST LIMIT 1");

void desk_money_ask(
	struct tx *tx, int64_t order_id, struct list *attempts, struct list *refunds)
{
	db_ask_all(tx, &desk_attempts, &desk_attempt_shape, attempts, A(order_id));
	db_ask_all(tx, &desk_refunds, &desk_refund_shape, refunds, A(order_id));
}

enum err desk_refund_load(struct tx *tx, int64_t id, struct desk_refund *out)
{
	return db_one(tx, &desk_refund_one, &desk_refund_shape, out, A(id));
}
