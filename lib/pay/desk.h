#ifndef PAY_DESK_H
#define PAY_DESK_H

#include "db/db.h"

/* The money of an order as the front desk sees it: what is in the transaction's
 * scope (session_guard in login/session.h). */

struct desk_attempt {
	int64_t id;
	const char *channel, *method, *out_trade_no, *transaction_id, *state;
	money amount_fen, refunded_fen;
	stamp created_at, paid_at;
};
extern const struct shape desk_attempt_shape;

struct desk_refund {
	int64_t id, order_id, attempt_id;
	const char *out_refund_no, *cause, *reason, *state, *channel_no, *trouble;
	const char *by; /* who decided it; NULL: a rule */
	money amount_fen;
	stamp created_at, delayed_at, done_at;
};
extern const struct shape desk_refund_shape;

/* Queue both lists, the oldest first. */
void desk_money_ask(struct tx *, int64_t order_id, struct list *attempts, struct list *refunds);

/* A refund, or the one that took its place. */
enum err desk_refund_load(struct tx *, int64_t id, struct desk_refund *) CHECKED;

#endif
