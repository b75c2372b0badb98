#ifndef PAY_CANCEL_H
#define PAY_CANCEL_H

#include "order/cancel.h"

/* Where giving up courts and giving back money meet: both in one transaction,
 * with the order's row locked first. */

struct cancel_params {
	int64_t order_id, account_id;
	struct ints items;    /* none: all that can still be given up */
	int64_t expected_fen; /* the refund as the customer was shown it; -1: he was not */
};

/* What cancellation_quote refuses, and E_QUOTE_CHANGED if it comes to another sum
 * than expected; for a paid order the customer must have seen one (E_BAD_FIELD).
 * *field names what is wrong. An unpaid order ends by order_give_up. */
enum err order_cancel(struct tx *, const struct cancel_params *, const char **field) CHECKED;

/* The venue cancels items that lie outside of what it offers (venue/outside.h): a paid order
 * by cancellation_in_full, under the reason; an unpaid one ends by order_give_up if nothing
 * else is left of it. *waits: it is still open whether it will be paid. */
struct venue_cancel {
	int64_t order_id, member_id; /* who of staff has chosen so */
	const char *reason;          /* the customer reads it */
	struct ints items;
};
enum err order_cancel_by_venue(struct tx *, const struct venue_cancel *, bool *waits) CHECKED;

struct refund_params {
	int64_t order_id, member_id; /* of staff */
	money amount;
	const char *reason;  /* the customer reads it */
	struct ints release; /* items that are freed with it; may be none */
	bool keep; /* those that are not freed, also if no money is left: they may come */
};

/* Staff give back a part of what was paid, as often as they like: E_REFUND_TOO_MUCH
 * (also at COMMIT; the detail says what is left), E_ORDER_UNPAID, and what cancellation_of refuses. */
enum err order_refund(struct tx *, const struct refund_params *, int64_t *refund_id,
	const char **field, raw_json *detail) CHECKED;

#endif
