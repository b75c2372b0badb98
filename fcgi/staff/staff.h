#ifndef STAFF_STAFF_H
#define STAFF_STAFF_H

#include "login/session.h"
#include "web/web.h"

/* The pool of staff, at the front desk and behind it: a table of routes per file. */
extern const struct route desk_me_routes[], desk_checkin_routes[], desk_order_routes[],
	desk_refund_routes[], desk_work_routes[], desk_violation_routes[],
	desk_customer_routes[], desk_member_routes[], desk_venue_routes[], desk_court_routes[],
	desk_sport_routes[], desk_hours_routes[], desk_outside_routes[], desk_block_routes[],
	desk_price_routes[], desk_calendar_routes[], desk_audit_routes[];

enum {
	STAFF_PAGE = 50,   /* items of a list, unless the query says how many */
	SEARCH_PAGE = 20,  /* of customers found */
	NOTE_LENGTH = 200, /* characters of what staff write down */
};

/* Bodies that are one text: a line, or a note of several. */
struct reason_in {
	const char *reason;
};
extern const struct shape reason_in_shape;
struct note_in {
	const char *note;
};
extern const struct shape note_in_shape;

#endif
