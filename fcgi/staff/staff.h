#ifndef STAFF_STAFF_H
#define STAFF_STAFF_H

#include "account/account.h"
#include "web/web.h"

/* The front desk's pool: one table of routes a file. */
extern const struct route desk_order_routes[], desk_refund_routes[], desk_work_routes[],
	desk_people_routes[];

/* Who asks, by the permission that the route wants. */
static inline struct desk desk_of(const struct req *r)
{
	return (struct desk){r->who.account_id, r->route->permission};
}

enum { NOTE_LENGTH = 200 }; /* characters of what staff write down */

#endif
