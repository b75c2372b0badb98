#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdint.h>

/* Who asks, as a checked token says it. */
struct identity {
	int64_t account_id, session_id; /* 0: a guest */
};

/* What a route demands. Any other word is a permission of staff (table
 * role_permission). */
#define GUEST "guest"   /* nobody in particular; nothing is stored */
#define PUBLIC "public" /* nobody in particular, and yet it may write: login, notify */
#define USER "user"     /* anybody who is logged in */

#endif
