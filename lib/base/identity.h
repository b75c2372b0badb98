#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>
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
#define ANYBODY \
	"anybody" /* as GUEST; who sends a token is known by it, and it has to be good */

/* Whether a signed-in request may go on, asked before the database is. */
struct admit_params {
	int64_t account_id, session_id;
	const char *route;
	bool writes;
	int64_t per_minute; /* of this route alone; 0: the default of reads or writes */
};
struct admit_answer {
	const char *policy; /* "reads"; NULL: nothing is counted */
	int64_t quota, window_s, remaining, reset_s, retry_after_s;
};

#endif
