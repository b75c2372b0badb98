#ifndef ACCOUNT_VIOLATION_H
#define ACCOUNT_VIOLATION_H

/* What is held against an account, as SQL conditions on a name or alias of the tables
 * violation and ban. Which deeds are violations, and when they ban, is in lib/order. */

/* `days` is ZX_VIOLATION_DAYS, as a parameter such as "$2". */
#define VIOLATION_COUNTS(v, days) \
	v ".lifted_at IS NULL AND " v ".at > now() - make_interval(days => " days "::int)"

#define BAN_IN_FORCE(b) b ".lifted_at IS NULL AND " b ".until > now()"

#endif
