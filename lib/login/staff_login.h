#ifndef LOGIN_STAFF_LOGIN_H
#define LOGIN_STAFF_LOGIN_H

#include "db/db.h"

/* The name and password of a member of staff.
 *
 * Every try is counted before its password is compared, and counts as failed until
 * it has proved right; so tries that come at once can't slip through together. The
 * fifth failure in a row locks for 30 s, each later one for twice as long, up to
 * 16 min; while it is locked nothing is compared and nothing counted, and the
 * right password is refused like a wrong one. A day without a try forgets them.
 * A name that opens nothing is counted and locked alike: the answers don't tell it
 * from one that does. The program has called keyed_hash_init().
 *
 * Counted by name and network, so that a stranger locks himself out and not the desk; over
 * all networks the hundredth failure locks. A device that has logged in before (device.h)
 * is counted for itself alone. */

struct staff_login {
	int64_t account_id;
	const char *username, *hash;
	int64_t locked_s; /* seconds until the next try; 0: not locked */
};

/* By username (account_id 0), or by account_id of who is signed in. */
struct staff_login_params {
	const char *username, *password;
	const char *place, *device; /* the network; the device's text or NULL */
	int64_t account_id;
};

/* One try: is it the password? In short transactions of its own, because hashing takes
 * long by design. E_LOGIN_REFUSED: wrong, or there is no such member, or it is
 * disabled: after the same work. E_LOGIN_LOCKED: see locked_s. E_OK: out->hash is
 * the stored hash, made anew if it was not of today's method and cost. */
enum err staff_login_try(struct db *, struct arena *, const struct staff_login_params *,
	struct staff_login *out) CHECKED;

/* Queue: since the check nobody has changed the password, else E_LOGIN_REFUSED.
 * Holds it unchanged until the end of the transaction, which opens the session. */
void staff_login_unchanged(struct tx *, const struct staff_login *);

/* A member whose password an admin sets. E_NOT_FOUND. */
enum err staff_login_load(struct tx *, int64_t account_id, struct staff_login *) CHECKED;

/* Queue a password of one's own in the place of the one that was checked
 * (E_LOGIN_REFUSED if that was changed meanwhile), or one that an admin gave, which
 * is to be changed at the first login. Sessions end, all but `session_id`. */
void staff_password_change(
	struct tx *, const struct staff_login *, const char *hash, int64_t session_id);
void staff_password_give(struct tx *, const struct staff_login *, const char *hash);

#endif
