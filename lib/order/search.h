#ifndef ORDER_SEARCH_H
#define ORDER_SEARCH_H

#include "account/account.h"
#include "order/order.h"

/* Orders as the front desk sees them: those in the transaction's scope (session_guard
 * in login/session.h), and no others. */

struct desk_order {
	int64_t id, venue_id;
	const char *no, *venue_name, *timezone, *state, *pay_state, *note;
	date date;
	money amount_fen, paid_fen, refunded_fen;
	stamp created_at, expires_at, paid_at, closed_at;
	stamp kept_at;     /* the courts, by staff, whatever was refunded */
	raw_json customer; /* {"id","nickname","phone"}, the phone masked */
	raw_json refund_tiers;
	struct list items; /* of struct item */
};
extern const struct shape desk_order_shape;

/* All that is given must fit; NULL or 0 is not given. */
struct order_search {
	const char *number, *phone; /* whole, exact */
	const char *state;
	date date;      /* of play */
	int64_t before; /* the order behind which to go on */
};

/* The latest play dates first. */
enum err orders_search(
	struct tx *, const struct order_search *, int64_t limit, struct list *) CHECKED;

/* E_NOT_FOUND, also for another venue's. */
enum err order_at_desk(struct tx *, int64_t id, struct desk_order *) CHECKED;

/* SQL: who a customer is, as far as a front desk needs it; `a` is the account. */
#define CUSTOMER                                                          \
	"jsonb_build_object('id', a.id, 'nickname', a.nickname, 'phone'," \
	" " MASKED_PHONE("a") ") AS customer"

#endif
