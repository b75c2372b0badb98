#ifndef PAY_PAYMENT_H
#define PAY_PAYMENT_H

#include "io/db.h"
#include "pay/wechatpay.h"

/* Payment attempts: an order is paid by one of them. The row is there before
 * the channel is called, and says exactly what was sent. */

struct attempt {
	int64_t id, order_id;
	const char *method, *out_trade_no, *state, *request;
	const char *prepay; /* prepay_id or code_url; NULL until the channel answered */
	money amount_fen;
	stamp expires_at;
};

/* The open attempt of this order and method, or a new one, with the order's
 * row locked. E_NOT_FOUND (also another person's order), E_ORDER_PAID,
 * E_ORDER_EXPIRED, E_ORDER_STATE, E_NO_OPENID (jsapi). */
enum err attempt_open(struct tx *, int64_t order_id, int64_t account_id, const char *method,
	struct attempt *) CHECKED;

/* Queue what the channel answered. */
void attempt_prepaid(struct tx *, const struct attempt *, const char *prepay);

/* What became of a notice. The word goes into notify_log. */
#define OUTCOME_TABLE(X)                                                                    \
	X(PAID, "paid")                     /* the order is paid by it */                   \
	X(REPEAT, "repeat")                 /* known already */                             \
	X(UNKNOWN_NUMBER, "unknown_number") /* no attempt of ours */                        \
	X(WRONG_MERCHANT, "wrong_merchant") /* another mchid or appid */                    \
	X(WRONG_AMOUNT, "wrong_amount")     /* another sum or currency */                   \
	X(NOT_SUCCESS, "not_success")       /* says that nothing was paid */                \
	X(LATE, "late")                     /* the order is no longer to be had, or paid */ \
	X(OTHER, "other")                   /* not about a payment */
enum outcome {
#define X(id, word) OUTCOME_##id,
	OUTCOME_TABLE(X)
#undef X
};
const char *outcome_word(enum outcome);

/* What the decision rests on; attempt_state is NULL for an unknown number. */
struct claim {
	int64_t attempt_id, order_id, venue_id;
	const char *attempt_state, *transaction_id, *order_state;
	money amount_fen;
};

/* Pure. */
enum outcome notice_judge(const struct wechat_notice *, const struct claim *);

/* Record a notice that was verified, and fulfil the order if it pays it: all in
 * this transaction, with the order's row locked; the same notice again changes
 * nothing. Whatever a repeat can't cure is stored, logged as an alarm and E_OK. */
enum err notice_settle(struct tx *, const struct wechat_notice *, const char *plaintext,
	enum outcome *) CHECKED;

#endif
