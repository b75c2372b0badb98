#ifndef ACCOUNT_RIGHTS_H
#define ACCOUNT_RIGHTS_H

#include "db/db.h"

/* What members of staff may do. A role is a set of permissions (tables role and
 * role_permission); a member holds it at one venue or everywhere (account_role).
 * Whether a request has the permission that its route wants is checked in the
 * database, by staff_enter(). */

/* Of one member: all permissions, and the venues where he has any. */
struct rights {
	int64_t id;
	const char *name;
	raw_json permissions; /* ["order", …] */
	raw_json venues;      /* [{"id","name"}] */
};
extern const struct shape rights_shape;
enum err rights_load(struct tx *, int64_t account_id, struct rights *) CHECKED;

/* All roles with their permissions. */
struct role {
	const char *code, *name;
	bool at_venue; /* is given for one venue each time */
	raw_json permissions;
};
extern const struct shape role_shape;
enum err roles_list(struct tx *, struct list *) CHECKED;

/* All there is to be permitted. */
struct permission {
	const char *code, *name;
	bool at_venue; /* roles at a venue may have it */
};
extern const struct shape permission_shape;
enum err permissions_list(struct tx *, struct list *) CHECKED;

/* A role's permissions are these from now on, of struct permission_code. With *field:
 * E_NOT_FOUND, no such role or permission; E_BAD_FIELD, one that a role at a venue can't have;
 * E_ROLE_FIXED: the admins'. */
struct permission_code {
	const char *code;
};
enum err role_set(struct tx *, const char *role, const struct list *permissions,
	const char **field) CHECKED;

#endif
