#ifndef ORDER_BAN_H
#define ORDER_BAN_H

#include "db/db.h"

/* Violations (失约) and bans (暂停预订). An order that expires unpaid is a violation of its
 * customer; the ZX_VIOLATION_LIMITth inside ZX_VIOLATION_DAYS bans the customer for
 * ZX_BAN_DAYS, and counting begins anew. All accounts of a person count and are banned
 * together (account/person.h). A ban rests on its violations: when some of them
 * are lifted and too few are left, it ends. What staff do with both stands in violation.h. */

/* Ask for the ban in force: a row if there is one. */
struct ban {
	int64_t id;
	stamp until;
	const char *reason;
};
void ban_ask(struct tx *, int64_t account_id, struct list *out); /* struct ban */

/* Queue: hold the person of the account. Wanted before either of the next two: of two expiries at
 * once one sees the other. */
void violations_hold(struct tx *, int64_t account_id);

/* Queue: this order has expired. */
enum err violation_add(struct tx *, int64_t account_id, int64_t order_id) CHECKED;

/* Queue: it has not expired after all. */
void violation_take_back(struct tx *, int64_t account_id, int64_t order_id, const char *why);

/* Tell customers of bans that have begun or ended, up to `limit` of them, each once;
 * *count of bans were looked at. */
enum err bans_tell(struct tx *, int limit, int64_t *count) CHECKED;

/* Queue: bans that rest on violations which were lifted end. */
void bans_review(struct tx *, int64_t account_id, const char *why);

#endif
