#ifndef ACCOUNT_MEMBER_H
#define ACCOUNT_MEMBER_H

#include "db/db.h"

/* Members of staff: accounts with a username. Whoever has the permission `member`
 * manages all of them, or those who work at the own venues and nowhere else (member_within()
 * in SQL, and the trigger `rights`). A new member has no password until an admin sets one
 * (staff_login.h), but can log in by SMS if his phone is known.
 *
 * A trigger makes sure that at least one active admin with a password remains:
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
	int64_t after; /* the last member of the page before */
};
enum err members_search(
	struct tx *, const struct member_search *, int64_t limit, struct list *) CHECKED;
enum err member_load(struct tx *, int64_t id, struct member *) CHECKED;

/* Queue: E_FORBIDDEN if somebody has a role outside the scope. */
void member_within_reach(struct tx *, int64_t id);

struct member_new {
	const char *username, *name, *phone;
	struct list roles; /* of struct role_given */
};

/* *field names what is refused: E_BAD_FIELD for a username or phone of a wrong form,
 * for a role that is unknown ("roles[0].role"), that has a venue and shouldn't, or
 * lacks one; E_VENUE_NOT_FOUND ("roles[0].venue_id"); E_NAME_TAKEN, E_PHONE_TAKEN. */
enum err member_add(
	struct tx *, const struct member_new *, int64_t *id, const char **field) CHECKED;

/* `version` is the one that the caller has read: E_VERSION_CHANGED, E_NOT_FOUND. */
enum err member_set(struct tx *, int64_t id, int64_t version, const char *name,
	const char *phone, const char **field) CHECKED;
/* `by` may not take his own admin role: E_OWN_ACCOUNT. */
enum err member_set_roles(struct tx *, int64_t by, int64_t id, int64_t version,
	const struct list *, const char **field) CHECKED;

/* As customer_disable() and customer_enable(); nobody disables himself: E_OWN_ACCOUNT. */
enum err member_disable(struct tx *, int64_t by, int64_t id, const char *reason) CHECKED;
enum err member_enable(struct tx *, int64_t id) CHECKED;

/* The member becomes a customer, who may leave (leave.h). His username, password, roles,
 * phone and the WeChat that he scans with are removed and his sessions as staff end, in
 * this transaction. The audit log goes on to name him by his username; a disabled
 * account stays disabled. E_OWN_ACCOUNT; E_FORBIDDEN if he has a role at a venue where
 * `by` has no rights. */
enum err member_remove(struct tx *, int64_t by, int64_t id, int64_t version) CHECKED;

#endif
