#ifndef ACCOUNT_IN_FORCE_H
#define ACCOUNT_IN_FORCE_H

/* What is in force of an account at present, as SQL on the tables violation, ban and orders,
 * by their names or aliases. When violations lead to a ban is in order/ban.h. */

/* `days` is ZX_VIOLATION_DAYS, as a parameter such as "$2". */
#define VIOLATION_COUNTS(v, days) \
	v ".lifted_at IS NULL AND " v ".at > now() - make_interval(days => " days "::int)"

/* All accounts of the person who has this one (person.h), as an array. */
#define PERSON(account) "(SELECT person_accounts(" account "))::bigint[]"

#define BAN_IN_FORCE(b) b ".lifted_at IS NULL AND " b ".until > now()"

/* From then on nobody can begin to pay this order: each channel is told of that time. The
 * margin is for clocks, and for WeChat Pay, which lets a payment live for a minute at least. */
#define PAYABLE_UNTIL(order) "(" order ".expires_at + interval '90 seconds')"

#endif
