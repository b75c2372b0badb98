#ifndef ACCOUNT_PERSON_H
#define ACCOUNT_PERSON_H

#include "db/db.h"

/* A person may come as several accounts: leave and come back, change the phone, use another
 * WeChat. What two accounts have had in common (a phone, an openid, a unionid) makes them one
 * person's for good (account.person_id), and violations and bans are a person's: all that
 * looks at them asks for PERSON() (in_force.h), and the trigger orders_person refuses an order
 * of whoever is banned as any account.
 *
 * What an account loses while something is held against its person is kept in left_mark as
 * keyed hashes (keyed_hash.h), for no longer than that can matter. */

/* Queue what becomes of an account's identities; call it with the change, in the same
 * transaction and before the account's row is read again. NULL: none. */
void person_phone(struct tx *, int64_t account_id, const char *loses, const char *gets);

struct wechat_id {
	const char *appid, *openid, *unionid; /* unionid may be NULL */
};
extern const struct shape wechat_id_shape;
void person_gets_wechat(struct tx *, int64_t account_id, const struct wechat_id *);

/* Queue: the account leaves; it has this phone (may be NULL) and these struct wechat_id. */
void person_leaves(
	struct tx *, int64_t account_id, const char *phone, const struct list *wechat_ids);

#endif
