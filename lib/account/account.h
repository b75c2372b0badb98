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

/* Queue: this member of staff has the permission at this venue, else
 * E_WRONG_VENUE. */
void staff_scope(struct tx *, int64_t account_id, const char *permission, int64_t venue_id);

#endif
