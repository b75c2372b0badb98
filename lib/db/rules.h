#ifndef DB_RULES_H
#define DB_RULES_H

/* What a broken rule of the schema means to the caller: the constraint's name
 * and the error. A constraint that is not here is our own fault: E_INTERNAL. */
#define RULE_TABLE(X)                                        \
	X(occupancy_pkey, E_SLOT_TAKEN)                      \
	X(booking_day_within_limit, E_QUOTA)                 \
	X(orders_within_holds, E_HOLDS_USED_UP)              \
	X(checkin_pkey, E_CHECKED_IN)                        \
	X(order_item_use_refunded, E_ORDER_REFUNDED)         \
	X(payment_attempt_refunded_range, E_REFUND_TOO_MUCH) \
	X(orders_refunded_range, E_REFUND_TOO_MUCH)          \
	X(orders_move, E_ORDER_STATE)                        \
	X(refund_move, E_REFUND_STATE)                       \
	X(refund_may_arrive, E_REFUND_MAY_ARRIVE)            \
	X(desk_refund_of_order, E_REFUND_LIMIT)              \
	X(desk_refund_within_limit, E_REFUND_LIMIT)          \
	X(role_fixed, E_ROLE_FIXED)                          \
	X(one_search, E_BUSY)                                \
	X(search_slow, E_SEARCH_SLOW)                        \
	X(session_one_living, E_RETRY)                       \
	X(session_of_staff, E_LOGIN_REFUSED)                 \
	X(session_ended, E_SESSION_ENDED)                    \
	X(session_replaced, E_SESSION_REPLACED)              \
	X(password_change, E_PASSWORD_CHANGE)                \
	X(forbidden, E_FORBIDDEN)                            \
	X(last_admin, E_LAST_ADMIN)                          \
	X(account_phone_key, E_PHONE_TAKEN)                  \
	X(staff_login_username_key, E_NAME_TAKEN)            \
	X(court_name_key, E_NAME_TAKEN)                      \
	X(unit_name_key, E_NAME_TAKEN)                       \
	X(sport_code_key, E_NAME_TAKEN)                      \
	X(venue_sport_pkey, E_NAME_TAKEN)                    \
	X(opening_exception_pkey, E_NAME_TAKEN)              \
	X(calendar_day_pkey, E_NAME_TAKEN)                   \
	X(venue_sport_sport_fk, E_SPORT_NOT_FOUND)           \
	X(price_rule_sport_fk, E_SPORT_NOT_FOUND)            \
	X(price_rule_offer_fk, E_SPORT_NOT_FOUND)            \
	X(venue_refund_tiers_fall, E_TIERS_RISE)             \
	X(order_item_court_fk, E_COURT_NOT_FOUND)            \
	X(orders_venue_fk, E_VENUE_NOT_FOUND)                \
	X(order_item_court_lasts, E_COURT_NOT_FOUND)         \
	X(order_item_has_floor, E_RETRY)                     \
	X(order_item_has_floor_again, E_RETRY)               \
	X(order_item_alone_again, E_RETRY)                   \
	X(court_block_has_floor, E_RETRY)                    \
	X(orders_frame, E_RETRY)                             \
	X(orders_banned, E_BANNED)                           \
	X(orders_phone, E_PHONE_REQUIRED)                    \
	X(court_unit_unused, E_IN_USE)                       \
	X(outside_item_stays, E_RETRY)                       \
	X(idempotency_pkey, E_RETRY)

#endif
