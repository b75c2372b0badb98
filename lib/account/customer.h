#ifndef ACCOUNT_CUSTOMER_H
#define ACCOUNT_CUSTOMER_H

#include "db/db.h"

/* Customers, as staff see them: on the wire they are "users". Row level security of
 * the transaction decides which ones (tests/store/schema.sql). A member of staff
 * is among them once he has ordered; what he may do is managed elsewhere (member.h). */

struct customer {
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
extern const struct shape customer_shape;     /* all of it */
extern const struct shape customer_row_shape; /* for lists: without orders, violations, ban */

/* A customer fits if everything fits that is given; NULL or 0 is not given. */
struct customer_search {
	const char *phone; /* whole */
	const char *name;  /* a part of the nickname */
	int64_t before;    /* the last customer of the page before */
};

/* The newest first. `by` is the member of staff who asks: only with the permission
 * user.phone he sees whole phone numbers. */
enum err customers_search(struct tx *, int64_t by, const struct customer_search *,
	int64_t limit, struct list *) CHECKED;
enum err customer_load(struct tx *, int64_t by, int64_t id, struct customer *) CHECKED;

/* Disable: sessions end in the same transaction, and no login comes through. Enable
 * undoes it. A second time changes nothing. E_NOT_FOUND if there is no such account
 * or it was deleted; E_STAFF_ACCOUNT for a member of staff. */
enum err customer_disable(struct tx *, int64_t id, const char *reason) CHECKED;
enum err customer_enable(struct tx *, int64_t id) CHECKED;

#endif
