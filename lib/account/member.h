#ifndef ACCOUNT_MEMBER_H
#define ACCOUNT_MEMBER_H

#include "db/db.h"

/* Members of staff: accounts with a username. Whoever has the permission `member`
 * manages all of them. A new one has no password until it is given one
 * (staff_login.h), but can come in by SMS if its phone is known.
 *
 * A trigger sees to it that one active admin with a password is left at any time:
 * E_LAST_ADMIN. */

enum {
	USERNAME_MIN_LENGTH = 2,
	USERNAME_MAX_LENGTH = 32,
	ROLE_LENGTH = 32, /* characters of a role's code */
	ROLES_MAX = 50,   /* of one member */
};

struct role_given {
	const char *role;
	int64_t venue_id; /* 0: the role is not for a venue */
};
extern const struct shape role_given_shape;

struct member {
	int64_t id, version;
	const char *username, *name, *phone; /* phone may be NULL */
	raw_json roles;                      /* as struct role_given */
	bool has_password, must_change;
	stamp locked_until, disabled_at, created_at;
	const char *disabled_reason;
};
extern const struct shape member_shape;

struct member_search {
	const char *name; /* a part of the name or the username */
	const char *role;
	int64_t venue_id;
	int64_t after; /* the member behind whom to go on */
};
enum err members_search(
	struct tx *, const struct member_search *, int64_t limit, struct list *) CHECKED;
enum err member_load(struct tx *, int64_t id, struct member *) CHECKED;

struct member_new {
	const char *username, *name, *phone;
	struct list roles; /* of struct role_given */
};

/* *field names what is refused: E_BAD_FIELD for a username or phone of a wrong form,
 * for a role that is unknown ("roles[0].role"), that has a venue and shouldn't, or
 * lacks one; E_VENUE_NOT_FOUND ("roles[0].venue_id"); E_NAME_TAKEN, E_PHONE_TAKEN. */
enum err member_add(
	struct tx *, const struct member_new *, int64_t *id, const char **field) CHECKED;

/* These want the version that was read: E_VERSION_CHANGED, E_NOT_FOUND. */
enum err member_set(struct tx *, int64_t id, int64_t version, const char *name,
	const char *phone, const char **field) CHECKED;
/* `by` may not take his own admin role: E_OWN_ACCOUNT. */
enum err member_set_roles(struct tx *, int64_t by, int64_t id, int64_t version,
	const struct list *, const char **field) CHECKED;

/* At once, as for users; a second time changes nothing. Nobody disables himself:
 * E_OWN_ACCOUNT. */
enum err member_disable(struct tx *, int64_t by, int64_t id, const char *reason) CHECKED;
enum err member_enable(struct tx *, int64_t id) CHECKED;

/* A member no longer, but a customer, who may leave (leave.h). At once: logins by
 * any way, roles, the WeChat for scans and the phone go, sessions of staff end.
 * What he did is told by his username; who is disabled stays so. E_OWN_ACCOUNT;
 * E_FORBIDDEN: he has a role outside the scope of who asks. */
enum err member_remove(struct tx *, int64_t by, int64_t id, int64_t version) CHECKED;

#endif
