#ifndef PAY_PAYMENT_H
#define PAY_PAYMENT_H

#include "base/words.h"
#include "channel/channel.h"
#include "db/db.h"

/* Payment attempts: an order is paid by one of them. The row is there before
 * the channel is called, and says exactly what was sent. */

struct attempt {
	int64_t id, order_id;
	const char *channel, *method, *out_trade_no, *state, *request;
	const char *prepay; /* the channel's ticket; NULL until it answered */
	money amount_fen;
	stamp expires_at;
};

struct attempt_ask {
	int64_t order_id, account_id;
	const char *channel, *method;
	const char *payer; /* Alipay: whom to ask; WeChat knows the account's openid */
};

/* The open attempt of this order, channel and method, or a new one, with the
 * order's row locked. E_NOT_FOUND (also another person's order), E_ORDER_PAID,
 * E_ORDER_EXPIRED and E_ORDER_CANCELLED (also while it is closing), E_NO_OPENID
 * (jsapi), E_CHANNEL_OFF. */
enum err attempt_open(struct tx *, const struct attempt_ask *, struct attempt *) CHECKED;

/* Queue what the channel answered; E_ORDER_STATE if the attempt was closed in
 * the meantime. */
void attempt_prepaid(struct tx *, const struct attempt *, const char *prepay);

/* Queue: the channel says that it can't be paid any more. */
void attempt_closed(struct tx *, int64_t attempt_id);

/* What became of a notice. The word goes into notify_log. */
#define OUTCOMES(X)                                                                        \
	X(OUTCOME_PAID, "paid")       /* the order is paid by it */                        \
	X(OUTCOME_RETAKEN, "retaken") /* it had expired; its courts were still free */     \
	X(OUTCOME_REPEAT, "repeat")   /* known already */                                  \
	X(OUTCOME_UNKNOWN_NUMBER, "unknown_number") /* no attempt of ours */               \
	X(OUTCOME_WRONG_MERCHANT, "wrong_merchant") /* another merchant or app */          \
	X(OUTCOME_WRONG_AMOUNT, "wrong_amount")     /* another sum or currency */          \
	X(OUTCOME_NOT_SUCCESS, "not_success")       /* says that nothing was paid */       \
	X(OUTCOME_LATE, "late")                     /* the order has ended: given back */  \
	X(OUTCOME_SURPLUS, "surplus")               /* it is paid already: given back */   \
	X(OUTCOME_REFUND, "refund")                 /* about a refund of ours */           \
	X(OUTCOME_REFUND_UNKNOWN, "refund_unknown") /* about a refund we don't know */     \
	X(OUTCOME_REFUND_DIFFERS, "refund_differs") /* another sum, or another merchant */ \
	X(OUTCOME_OTHER, "other")                   /* about something else */
enum outcome { OUTCOMES(WORD_ID) OUTCOME_COUNT };
const char *outcome_word(enum outcome);

/* What the decision rests on; attempt_state is NULL for an unknown number. */
struct claim {
	int64_t attempt_id, order_id, venue_id;
	const char *attempt_state, *transaction_id, *order_state;
	const char *closing_to; /* NULL: not closing */
	money amount_fen;
};

/* Pure. Money for an expired order is LATE here; whether it brings the order
 * back only the courts can tell. So is money for an order that its customer had
 * already given up: his word stands. */
enum outcome notice_judge(const struct channel_payment *, const struct claim *);

/* Record what a channel told and proved, and act on it: fulfil the order, bring
 * an expired one back, or begin to give the money back. All in this transaction,
 * with the order's row locked; the same again changes nothing. The answer to a
 * query is recorded as notice `query:<transaction>`. What a repeat can't cure is
 * stored, logged as an alarm, put on the work list, and E_OK. */
enum err notice_settle(struct tx *, const struct channel_payment *, enum outcome *) CHECKED;

/* The same for what is told about a refund. */
enum err notice_refund_settle(
	struct tx *, const struct channel_refund *, enum outcome *) CHECKED;

#endif
