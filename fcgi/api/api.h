#ifndef API_H
#define API_H

#include "web/web.h"

/* The pool that never waits for an upstream: browsing, booking, codes. */
extern const struct route health_routes[], venue_routes[], order_routes[], code_routes[],
	message_routes[], metrics_routes[], session_routes[], me_routes[];

#endif
