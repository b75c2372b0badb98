#ifndef ORDER_STATE_H
#define ORDER_STATE_H

#include "base/err.h"
#include "base/words.h"

/* The states of orders and of what belongs to them, by the words of the tables and of the
 * API. Rows keep the word; who decides by it reads it here. Which state may follow which
 * stands in the table state_move, and a store test holds these words against the
 * constraints. Each …_of() is …_COUNT for a word that is none, and for NULL. */

/* Of orders (orders.state); the way from pending to an end: ending.h. */
#define ORDER_STATES(X)                                                  \
	X(ORDER_PENDING, "pending")     /* to be paid */                 \
	X(ORDER_CLOSING, "closing")     /* about to end, see ending.h */ \
	X(ORDER_EXPIRED, "expired")     /* was not paid in time */       \
	X(ORDER_CANCELLED, "cancelled") /* given up by its customer */   \
	X(ORDER_PAID, "paid")
enum order_state { ORDER_STATES(WORD_ID) ORDER_STATE_COUNT };
enum order_state order_state_of(const char *word);
const char *order_state_word(enum order_state);

/* E_OK for a paid order; E_ORDER_CANCELLED, else E_ORDER_UNPAID. */
enum err order_state_check_paid(const char *word) CHECKED;

/* Of an order's items (order_item.state). */
#define ITEM_STATES(X)                                                    \
	X(ITEM_HELD, "held")         /* by an order that is to be paid */ \
	X(ITEM_BOOKED, "booked")     /* paid */                           \
	X(ITEM_USED, "used")         /* checked in */                     \
	X(ITEM_RELEASED, "released") /* the court is free again */
enum item_state { ITEM_STATES(WORD_ID) ITEM_STATE_COUNT };
enum item_state item_state_of(const char *word);
const char *item_state_word(enum item_state);

/* Of payment attempts (payment_attempt.state). */
#define ATTEMPT_STATES(X)                                                   \
	X(ATTEMPT_CREATED, "created") /* the channel hasn't answered yet */ \
	X(ATTEMPT_PREPAID, "prepaid") /* the customer may pay by it */      \
	X(ATTEMPT_CLOSED, "closed")   /* it can't be paid any more */       \
	X(ATTEMPT_PAID, "paid")       /* it paid the order */               \
	X(ATTEMPT_SURPLUS, "surplus") /* the order didn't need its money: given back */
enum attempt_state { ATTEMPT_STATES(WORD_ID) ATTEMPT_STATE_COUNT };
enum attempt_state attempt_state_of(const char *word);
const char *attempt_state_word(enum attempt_state);

/* Of refunds (refund.state); the way: pay/refund.h. */
#define REFUND_STATES(X)                                                      \
	X(REFUND_CREATED, "created")     /* to be sent */                     \
	X(REFUND_ACCEPTED, "accepted")   /* the channel works on it */        \
	X(REFUND_SUCCEEDED, "succeeded") /* the money has arrived */          \
	X(REFUND_STUCK, "stuck")         /* people must help */               \
	X(REFUND_BY_HAND, "by_hand")     /* staff have paid it another way */ \
	X(REFUND_VOID, "void")           /* dead; another number took its place */
enum refund_state { REFUND_STATES(WORD_ID) REFUND_STATE_COUNT };
enum refund_state refund_state_of(const char *word);

/* Why money goes back (refund.cause). */
#define REFUND_CAUSES(X)                                                    \
	X(CAUSE_CANCEL, "cancel")       /* the customer cancelled */        \
	X(CAUSE_STAFF, "staff")         /* staff decided so */              \
	X(CAUSE_VENUE, "venue")         /* the venue cancelled */           \
	X(CAUSE_LATE, "late")           /* paid when the order had ended */ \
	X(CAUSE_SURPLUS, "surplus")     /* the order was paid already */    \
	X(CAUSE_RECONCILE, "reconcile") /* what only the day's bills showed */
enum refund_cause { REFUND_CAUSES(WORD_ID) REFUND_CAUSE_COUNT };
enum refund_cause refund_cause_of(const char *word);
const char *refund_cause_word(enum refund_cause);

#endif
