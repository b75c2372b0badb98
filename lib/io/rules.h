#ifndef IO_RULES_H
#define IO_RULES_H

/* What a broken rule of the schema means to the caller: the constraint's name
 * and the error. A constraint that is not here is our own fault: E_INTERNAL. */
#define RULE_TABLE(X)                                        \
	X(occupancy_pkey, E_SLOT_TAKEN)                      \
	X(booking_day_within_limit, E_QUOTA)                 \
	X(checkin_pkey, E_CHECKED_IN)                        \
	X(payment_attempt_refunded_range, E_REFUND_TOO_MUCH) \
	X(orders_refunded_range, E_REFUND_TOO_MUCH)          \
	X(orders_move, E_ORDER_STATE)                        \
	X(refund_move, E_REFUND_STATE)                       \
	X(idempotency_pkey, E_RETRY)

#endif
