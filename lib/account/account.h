#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "account/session.h"

struct account {
	int64_t id;
	const char *nickname, *phone; /* phone may be NULL */
	raw_json roles;               /* ["operator", …] */
};
extern const struct shape account_shape;
enum err account_load(struct tx *, int64_t id, struct account *) CHECKED;

/* The account behind an openid; a first visit makes one. E_RETRY if somebody
 * made it at the same moment: run the transaction again. */
enum err account_of_wechat(struct tx *, const char *appid, const char *openid,
	const char *unionid, int64_t *account_id) CHECKED;

/* openid of an account under one appid; E_NO_OPENID. */
enum err account_openid(struct tx *, int64_t id, const char *appid, const char **out) CHECKED;

/* A name and password for staff. The hash is loaded in one short transaction,
 * compared outside of any (it takes long by design), and the result written
 * down in another. */
struct staff_login {
	int64_t account_id;
	const char *hash;
	int64_t locked_s; /* seconds until the next try; 0: not locked */
};
enum err staff_login_load(struct tx *, const char *username, struct staff_login *) CHECKED;
/* Counts, and locks for 30 s, 1 min, 2 min … 16 min from the fifth failure on. */
void staff_login_failed(struct tx *, int64_t account_id);
void staff_login_passed(struct tx *, int64_t account_id);

struct staff {
	int64_t id;
	const char *name;
	raw_json permissions, venues;
};
extern const struct shape staff_shape;
enum err staff_load(struct tx *, int64_t id, struct staff *) CHECKED;

/* SQL: the member of staff $1 has the permission $2 at that venue; where the
 * venue is NULL, everywhere. The one place that says so: every statement that
 * reads or changes a venue's affairs for staff has this in its WHERE. */
#define STAFF_AT(venue)                                                         \
	"EXISTS (SELECT 1 FROM account_role ar JOIN role_permission rp"         \
	" ON rp.role = ar.role WHERE ar.account_id = $1 AND rp.permission = $2" \
	" AND (ar.venue_id = " venue " OR ar.venue_id IS NULL))"

/* Who asks as staff, and by which permission. */
struct desk {
	int64_t account_id;
	const char *permission;
};

/* Queue: the member of staff has the permission at this venue, else `otherwise`:
 * E_WRONG_VENUE, or E_NOT_FOUND where even the existence is not told. */
void staff_scope(struct tx *, const struct desk *, int64_t venue_id, enum err otherwise);

#endif
