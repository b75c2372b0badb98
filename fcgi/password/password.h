#ifndef PASSWORD_POOL_H
#define PASSWORD_POOL_H

#include "login/staff_login.h"
#include "web/web.h"

extern const struct route own_password_routes[];

/* staff_login_check() for a request: so many tries per minute and address. Sets
 * the answer's Retry-After. */
enum err password_try(
	struct req *, const struct staff_login_ask *, struct staff_login *) CHECKED;

#endif
