#ifndef ACCOUNT_USER_H
#define ACCOUNT_USER_H

#include "db/db.h"

/* Customers, as staff see them. Which ones these are is decided by the row level
 * security of the transaction (migrations/0010_rights.sql). Members of staff are
 * among them once they have ordered; they are managed elsewhere (member.h). */

struct user {
	int64_t id;
	const char *nickname, *phone; /* "138****0000" unless whole ones may be seen */
	bool staff;
	stamp created_at, disabled_at, left_at;
	const char *disabled_reason;
	int64_t orders, paid_orders; /* of those that may be seen */
	stamp last_order_at;
	int64_t violations; /* that count at present */
	raw_json ban;       /* the one in force: {"id","until","reason"} */
};
extern const struct shape user_shape;     /* all of it */
extern const struct shape user_row_shape; /* for lists: without orders and violations */

/* All that is given must fit; NULL or 0 is not given. */
struct user_search {
	const char *phone; /* whole */
	const char *name;  /* a part of the nickname */
	int64_t before;    /* the user behind whom to go on */
};

/* Newest first. `by` is who asks: whole phone numbers take the permission
 * user.phone. */
enum err users_search(struct tx *, int64_t by, const struct user_search *, int64_t limit,
	struct list *) CHECKED;
enum err user_load(struct tx *, int64_t by, int64_t id, struct user *) CHECKED;

/* Disable (at once: sessions end in the same transaction, and no login comes
 * through) and enable again; a second time changes nothing. E_NOT_FOUND, also for
 * who has left; E_STAFF_ACCOUNT. */
enum err user_disable(struct tx *, int64_t id, const char *reason) CHECKED;
enum err user_enable(struct tx *, int64_t id) CHECKED;

#endif
