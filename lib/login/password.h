#ifndef LOGIN_PASSWORD_H
#define LOGIN_PASSWORD_H

#include "base/arena.h"

#include <stdbool.h>

/* Passwords of staff: yescrypt (libxcrypt, "$y$"), salted by the system's
 * random source, cost from settings.password_cost. */

/* What libxcrypt takes, without the final NUL. */
enum { PASSWORD_MAX = 511 };

/* In the arena; NULL if `plain` is longer than PASSWORD_MAX bytes. */
const char *password_hash(struct arena *, const char *plain);

/* Needs as long for a wrong password as for a right one. A NULL hash stands
 * for an unknown user: false, after the same work. False too for a password
 * that is too long, and for a hash that crypt(5) does not know ("*", "!", ""). */
bool password_matches(const char *hash, const char *plain);

/* Is it made as new ones are: by this method, at this cost? If not, it is time to
 * make another while the password is at hand. */
bool password_hash_current(const char *hash);

#endif
