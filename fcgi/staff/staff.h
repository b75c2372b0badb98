#ifndef STAFF_STAFF_H
#define STAFF_STAFF_H

#include "login/session.h"
#include "web/web.h"

/* The front desk's pool: one table of routes a file. */
extern const struct route desk_me_routes[], desk_checkin_routes[], desk_order_routes[],
	desk_refund_routes[], desk_work_routes[], desk_people_routes[], desk_customer_routes[],
	desk_member_routes[], desk_venue_routes[], desk_court_routes[], desk_sport_routes[],
	desk_hours_routes[], desk_block_routes[], desk_price_routes[], desk_calendar_routes[],
	desk_audit_routes[];

enum {
	STAFF_PAGE = 50,   /* items of a list, unless the query says how many */
	NOTE_LENGTH = 200, /* characters of what staff write down */
};

struct reason_in {
	const char *reason;
};
extern const struct shape reason_in_shape;

/* Before a search by a whole number (phone may be NULL): few a minute, or trying them
 * all would undo the mask over it. E_BUSY. */
enum err phone_search_take(struct req *, const char *phone) CHECKED;

#endif
