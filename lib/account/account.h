#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "db/db.h"

enum { ACCOUNT_NAME_LENGTH = 32 }; /* characters, of nicknames and of members' names */

/* In SQL: the phone of an account as staff see it who may not see whole ones. */
#define MASKED_PHONE(a) "left(" a ".phone, 3) || '****' || right(" a ".phone, 4)"

struct account {
	int64_t id;
	const char *nickname, *phone; /* phone may be NULL */
	raw_json roles;               /* ["operator", …] */
};
extern const struct shape account_shape;
enum err account_load(struct tx *, int64_t id, struct account *) CHECKED;

/* The account of an openid; the first login makes one. E_RETRY if another login made it
 * at the same moment: run the transaction again. */
enum err account_of_wechat(struct tx *, const char *appid, const char *openid,
	const char *unionid, int64_t *account_id) CHECKED;

/* Queue what somebody changes of his own account. E_SESSION_ENDED if it has been
 * deleted meanwhile; E_STAFF_ACCOUNT for a member of staff, whose name and phone only
 * admins change, because colleagues know him by them (member.h). */
void account_set_nickname(struct tx *, int64_t id, const char *nickname);
/* E_PHONE_TAKEN if another account has this phone. */
enum err phone_bind(struct tx *, int64_t account_id, const char *phone) CHECKED;

/* Queue: the account is disabled (its sessions end in the same transaction, by a
 * trigger, and no login comes through), or enabled again. */
void account_disable(struct tx *, int64_t id, const char *reason);
void account_enable(struct tx *, int64_t id);

/* The openid of an account under one appid; E_NO_OPENID. */
enum err account_openid(struct tx *, int64_t id, const char *appid, const char **out) CHECKED;

#endif
