#ifndef ORDER_RELEASE_H
#define ORDER_RELEASE_H

#include "order/cancel.h"

/* What an order has taken goes back: the customer's count of the day, then items, then
 * occupancy, in the order in which order_add takes them, so that the two never wait for
 * each other in a circle. All queue; the caller holds the order's row. */

/* An unpaid order that ends: all that it holds. */
void order_release(struct tx *, int64_t order_id);

/* Items of a paid order that are given up; an order of which nothing is left is cancelled.
 * refund_id is 0 where no money goes back. */
void items_release(
	struct tx *, const struct cancellation *, int64_t refund_id, bool by_the_rule);

/* Single steps: so many periods of the order's day; all units that its items occupy. */
void order_uncount(struct tx *, int64_t order_id, int64_t periods);
void order_vacate(struct tx *, int64_t order_id);

#endif
