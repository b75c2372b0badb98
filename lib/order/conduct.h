#ifndef ORDER_CONDUCT_H
#define ORDER_CONDUCT_H

#include "db/db.h"

/* What is held against a customer: violations, and bans that rest on them. Staff
 * see and lift them of people who have ordered at one of their venues. */

struct conduct {
	raw_json customer;      /* see CUSTOMER in order/search.h */
	struct list violations; /* the newest first; orders of other venues unnamed */
	struct list bans;
};
extern const struct shape conduct_shape;

/* E_NOT_FOUND, also for somebody who never ordered there. */
enum err conduct_load(struct tx *, int64_t account_id, struct conduct *) CHECKED;

/* Lift one, once: a second time changes nothing. A ban that rested on a lifted
 * violation ends with it. *account_id is whose it was. E_NOT_FOUND as above. */
enum err violation_lift(struct tx *, int64_t id, int64_t staff_id, const char *reason,
	int64_t *account_id) CHECKED;
enum err ban_lift(struct tx *, int64_t id, int64_t staff_id, const char *reason,
	int64_t *account_id) CHECKED;

#endif
