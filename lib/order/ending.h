#ifndef ORDER_ENDING_H
#define ORDER_ENDING_H

#include "account/in_force.h" /* PAYABLE_UNTIL() */
#include "db/db.h"

/* How orders end unpaid, and how late money brings one back (retake.c).
 *
 * pending → closing → expired | cancelled. While an order is closing its courts
 * stay held, because the channel may still take the money; only when it can't
 * any more (or has been silent for ZX_CLOSING_LIMIT_S) are they freed. Which
 * moves there are stands in the table state_move (tests/store/schema.sql).
 *
 * Locks are always taken in this order: the order, its venue (its row, then its
 * frame) and courts (shared), its account, its customer's orders (bookings_hold), the
 * customer's count of the day, items, occupancy. */

/* NOTIFY wakes the daemon `settle`. */
#define SETTLE_CHANNEL "zx_settle"

/* Queue: this order, if it is unpaid and its time is over, is to expire. */
void order_expire(struct tx *, int64_t order_id);

/* The guarantee behind the messages: up to `limit` such orders. */
enum err orders_expire(struct tx *, int limit, int64_t *count) CHECKED;

/* The customer gives up an unpaid order, whose row the caller has locked and
 * found pending. One that no channel has heard of is cancelled at once. */
enum err order_give_up(struct tx *, int64_t order_id) CHECKED;

/* An order that is closing and waits for no channel any more: none of its attempts can still
 * be paid, or they are overdue and were tried in vain (CLOSING_VAIN). A claim is a lease of
 * CLOSING_LEASE_S: until it runs out nobody else gets the same order. E_NOT_FOUND. */
enum { CLOSING_LEASE_S = 30, CLOSING_VAIN = 3 };
struct closing {
	int64_t order_id;
	bool unconfirmed; /* an attempt may still be paid */
};
enum err closing_claim(struct tx *, struct closing *) CHECKED;
/* The channels have had their time. */
#define CLOSING_OVERDUE(o, limit_s) \
	o ".closing_at < now() - make_interval(secs => " limit_s "::bigint)"

/* The end: courts and the day's count are given back, and an expiry is a violation
 * (ban.h). An order that was paid in the meantime is left alone. `unconfirmed`: without the
 * channel's word. */
enum err order_close(struct tx *, int64_t order_id, bool unconfirmed) CHECKED;

/* Money has come for an expired order, whose row the caller has locked: take its courts
 * again if a new order could have all of them now (order_draft, the account in force), and
 * the customer's count of the day allows it; all or nothing, at the price of then. Not if
 * he has another living order at an hour of it by now: E_ORDER_REPLACED. The violation is
 * taken back, and a ban that rests on it. *why: E_OK, and the order is paid; or what a new
 * order would be told. */
enum err order_retake(struct tx *, int64_t order_id, stamp paid_at, enum err *why) CHECKED;

/* The same for an order that is closing, its row locked: to its customer it ended when its
 * time was over. Has he ordered again since then, at an hour of it? */
enum err order_is_replaced(
	struct tx *, int64_t order_id, int64_t account_id, bool *replaced) CHECKED;

#endif
