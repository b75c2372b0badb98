#include "account/phone.h"

#include "account/account.h"
#include "account/entry.h"

#include <string.h>

bool phone_valid(const char *s)
{
	return strlen(s) == PHONE_DIGITS_MAX && strspn(s, "0123456789") == PHONE_DIGITS_MAX &&
	       s[0] == '1' && s[1] >= '3';
}

/* The unique index would see to it, but PostgreSQL would write the number into its
 * log: so it is looked for first, under a lock. */
SQL(phone_lock, "SELECT pg_advisory_xact_lock(hashtextextended('phone ' || $1, 0))");
SQL(account_set_phone,
	"UPDATE account SET phone = $2, version = version + 1 WHERE id = $1"
	" AND " ACCOUNT_IS_CUSTOMER(
		"account") " AND NOT EXISTS (SELECT 1 FROM account a WHERE a.phone = $2 AND a.id <> $1)");

void phone_bind(struct tx *tx, int64_t account_id, const char *phone)
{
	db_queue(tx, &phone_lock, A(phone));
	account_hold_customer(tx, account_id);
	db_queue_one(tx, &account_set_phone, E_PHONE_TAKEN, A(account_id), A(phone));
}
