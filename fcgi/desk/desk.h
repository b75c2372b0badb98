#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "login/session.h"
#include "web/web.h"

/* What the front desk does while people stand before it: check in, and look orders up. It
 * has a pool of its own, so that nothing heavy that staff ask for elsewhere is in its way. */
enum {
	SEARCH_PAGE = 20,  /* of orders found */
	NOTE_LENGTH = 200, /* characters of what staff write down */
};

extern const struct route desk_checkin_routes[], desk_order_routes[];

#endif
