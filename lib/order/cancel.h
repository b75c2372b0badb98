#ifndef ORDER_CANCEL_H
#define ORDER_CANCEL_H

#include "order/order.h"

/* Giving up what was booked: what it brings back, and what is freed by it (release.h).
 * The money itself is moved by pay/cancel.h. Locks: see order/ending.h. */

/* Items named by their ids in a body: a list of bare numbers. */
struct item_id {
	int64_t id;
};
extern const struct shape item_id_shape;
static inline struct ints item_ids(struct list list)
{
	return (struct ints){list.at, list.count};
}
/* The same in a query, "12,13"; false for anything else. */
bool item_ids_parse(struct arena *, const char *text, struct ints *);
enum { ITEM_IDS_TEXT = 800 };

/* An order as far as the decision needs it. */
struct cancellable {
	int64_t id;
	const char *state;
	money paid_fen, refunded_fen;
	raw_json refund_tiers;
	stamp now;
	struct list items;   /* of struct item */
	struct list outside; /* of int64_t: items that the venue does not offer any more, and
	                      * has not promised to keep; given back in full */
};

/* Another customer's order is E_NOT_FOUND. `lock`: its row is held from here on. */
enum err order_cancellable(
	struct tx *, int64_t id, int64_t account_id, bool lock, struct cancellable *) CHECKED;
/* For staff, locked; E_NOT_FOUND, also for another venue's. */
enum err order_cancellable_at_desk(struct tx *, int64_t id, struct cancellable *) CHECKED;

struct cancelled_item {
	int64_t id;
	money price_fen, fee_fen, refund_fen; /* the fee is the rule's */
};
struct cancellation {
	int64_t order_id;
	const char *state; /* of the order, before */
	struct list items; /* of struct cancelled_item */
	money price_fen, fee_fen, refund_fen;
};
extern const struct shape cancellation_shape;

/* What giving up these items brings (none: all that can still be given up), by
 * the rule that the order was sold under, or all for what its venue doesn't offer
 * any more, and never more than is left of its money. An unpaid order goes as a whole: E_ORDER_UNPAID for a part of it. Also
 * E_NOT_FOUND (no item of the order), E_ORDER_STATE (used or released, or the
 * order is closing), E_CANCEL_TOO_LATE (has begun), E_ORDER_EXPIRED,
 * E_ORDER_CANCELLED. Pure. */
enum err cancellation_quote(struct arena *, const struct cancellable *, struct ints wanted,
	struct cancellation *) CHECKED;

/* For the venue, which cancels: these items, begun or not, given back in full, and never more
 * than is left of the order's money. E_NOT_FOUND, E_ORDER_STATE, E_ITEM_CANCELLED. Pure. */
enum err cancellation_in_full(struct arena *, const struct cancellable *, struct ints wanted,
	struct cancellation *) CHECKED;

/* For staff: these items, begun or not, with nothing given back by a rule.
 * E_NOT_FOUND, E_ORDER_STATE. Pure. */
enum err cancellation_of(struct arena *, const struct cancellable *, struct ints wanted,
	struct cancellation *) CHECKED;

#endif
