#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "db/db.h"

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

/* Queue: the account is held for what its person changes of it. E_SESSION_ENDED if
 * it has been deleted meanwhile; E_STAFF_ACCOUNT: name and phone of a member of
 * staff, by which others know him, are for admins to change (member.h). */
void account_hold_customer(struct tx *, int64_t id);
/* Queue, and hold. */
void account_set_nickname(struct tx *, int64_t id, const char *nickname);
/* Queue, and hold: the phone is this account's. E_PHONE_TAKEN if it is another's. */
void phone_bind(struct tx *, int64_t account_id, const char *phone);

/* openid of an account under one appid; E_NO_OPENID. */
enum err account_openid(struct tx *, int64_t id, const char *appid, const char **out) CHECKED;

#endif
