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

#endif
