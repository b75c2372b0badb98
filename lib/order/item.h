#ifndef ORDER_ITEM_H
#define ORDER_ITEM_H

#include "db/db.h"

/* An order's items: a court and a time each. The price is frozen when the order is made. */

struct item {
	int64_t id, order_id, court_id;
	const char *court_name, *state;
	stamp start, end, checked_in_at;
	bool runs_on;                /* into the date after the order's; only to be added */
	money price_fen, refund_fen; /* the latter is given back by the rule, once released */
};
extern const struct shape item_shape;

/* Ask for the items of these orders, in the orders' order. */
void items_ask(struct tx *, struct ints order_ids, struct list *out);

/* Of rows that come in their orders' order, cut off those of the next order; with none of
 * its own that is an empty list. T has a member order_id. */
#define ROWS_OF_ORDER(rows, T, id) rows_of_order(rows, sizeof(T), offsetof(T, order_id), id)
struct list rows_of_order(struct list *rows, size_t size, size_t order_id_at, int64_t order_id);

#endif
