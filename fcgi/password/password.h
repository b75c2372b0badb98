#ifndef PASSWORD_POOL_H
#define PASSWORD_POOL_H

#include "login/staff_login.h"
#include "web/web.h"

/* The pool of whatever hashes a password, which takes long by design: nobody else waits
 * in its queue. Logins by password (token.c), and passwords that are set (passwords.c). */
extern const struct route token_routes[], password_routes[];

/* staff_login_try() for a request: so many tries per minute and address. Sets
 * the answer's Retry-After. */
enum err password_try(
	struct req *, const struct staff_login_params *, struct staff_login *) CHECKED;

#endif
