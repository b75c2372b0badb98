#ifndef PAY_NOTICE_H
#define PAY_NOTICE_H

#include "base/words.h"
#include "channel/channel.h"
#include "db/db.h"

/* What a channel tells us, by a notice or when it is queried: what it means for the order,
 * and what is done about it. */

/* What became of a notice. The word goes into notify_log. */
#define OUTCOMES(X)                                                                          \
	X(OUTCOME_PAID, "paid")             /* the order is paid by it */                    \
	X(OUTCOME_RETAKEN, "retaken")       /* it had expired; its courts were still free */ \
	X(OUTCOME_REPEAT, "repeat")         /* known already */                              \
	X(OUTCOME_PAID_TWICE, "paid_twice") /* another payment on its number */              \
	X(OUTCOME_RETURNED, "returned")     /* given back before we knew of it */            \
	X(OUTCOME_UNKNOWN_NUMBER, "unknown_number") /* no attempt of ours */                 \
	X(OUTCOME_WRONG_MERCHANT, "wrong_merchant") /* another merchant or app */            \
	X(OUTCOME_WRONG_AMOUNT, "wrong_amount")     /* another sum or currency */            \
	X(OUTCOME_NOT_SUCCESS, "not_success")       /* says that nothing was paid */         \
	X(OUTCOME_LATE, "late")                     /* the order has ended: given back */    \
	X(OUTCOME_SURPLUS, "surplus")               /* it is paid already: given back */     \
	X(OUTCOME_REFUND, "refund")                 /* about a refund of ours */             \
	X(OUTCOME_REFUND_UNKNOWN, "refund_unknown") /* about a refund we don't know */       \
	X(OUTCOME_REFUND_DIFFERS, "refund_differs") /* another sum, or another merchant */   \
	X(OUTCOME_OTHER, "other")                   /* about something else */
enum outcome { OUTCOMES(WORD_ID) OUTCOME_COUNT };
const char *outcome_word(enum outcome);

/* What the decision rests on; attempt_state is NULL for an unknown number. */
struct claim {
	int64_t attempt_id, order_id, venue_id, account_id;
	const char *attempt_state, *transaction_id, *order_state;
	const char *closing_to; /* NULL: not closing */
	money amount_fen;
	stamp expires_at; /* of the order */
};

/* Pure. Money for an expired order is LATE here: only its courts can tell whether it
 * brings the order back. Money for an order that its customer had already given up is
 * LATE, too: the customer's word stands. PAID while the order is closing becomes LATE in
 * notice_settle if its customer has ordered again (order_is_replaced). Money of which
 * something was given back before we knew of it fulfils nothing: people at the merchant's
 * know why. */
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
