#ifndef ACCOUNT_LEAVE_H
#define ACCOUNT_LEAVE_H

#include "db/db.h"

/* Deletion of an account (注销). The person goes: name, phone, openids, inbox,
 * kept answers, notes on orders, and the payer in what was sent to channels and
 * heard from them. Orders and money stay, and belong to nobody any more. The same
 * WeChat user who logs in again is a new customer. What was answered to staff about
 * him goes when all stored answers do, within 48 hours (sweep.h).
 *
 * What is held against a person stays held (person.h). */

/* E_STAFF_ACCOUNT; E_ACCOUNT_BUSY while an order is unpaid, yet to be played or
 * not settled, *detail then says which and why; E_SESSION_ENDED: has left already. */
enum err account_leave(struct tx *, int64_t account_id, raw_json *detail) CHECKED;

#endif
