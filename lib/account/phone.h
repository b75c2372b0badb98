#ifndef ACCOUNT_PHONE_H
#define ACCOUNT_PHONE_H

#include "io/db.h"

/* Phone numbers: eleven digits of mainland China, without +86. */

enum { PHONE_DIGITS_MAX = 11 };
bool phone_valid(const char *);

/* Queue: the phone is this account's. E_PHONE_TAKEN if it is another's;
 * E_STAFF_ACCOUNT, E_SESSION_ENDED as account_hold_customer(). */
void phone_bind(struct tx *, int64_t account_id, const char *phone);

#endif
