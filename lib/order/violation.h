#ifndef ORDER_VIOLATION_H
#define ORDER_VIOLATION_H

#include "db/db.h"

/* A customer's violations (失约) and bans, as staff see and lift them: those of
 * customers who have ordered at one of their venues. What makes and ends them by
 * itself stands in ban.h. */

struct violation_record {
	raw_json customer;      /* see CUSTOMER in order/search.h */
	struct list violations; /* the newest first; orders of other venues unnamed */
	struct list bans;
};
extern const struct shape violation_record_shape;

/* E_NOT_FOUND, also for somebody who never ordered there. */
enum err violations_load(struct tx *, int64_t account_id, struct violation_record *) CHECKED;

/* Lift one, once: a second time changes nothing. A ban that rested on a lifted
 * violation ends with it. *account_id is whose it was. E_NOT_FOUND as above; E_OTHER_VENUE for
 * a violation at another venue, or a ban that rests on one: only who works everywhere lifts it. */
enum err violation_lift(struct tx *, int64_t id, int64_t member_id, const char *reason,
	int64_t *account_id) CHECKED;
enum err ban_lift(struct tx *, int64_t id, int64_t member_id, const char *reason,
	int64_t *account_id) CHECKED;

#endif
