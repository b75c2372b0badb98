#ifndef ACCOUNT_LEAVE_H
#define ACCOUNT_LEAVE_H

#include "db/db.h"

/* Deletion of an account (注销). The person goes: name, phone, openids, inbox,
 * kept answers, notes on orders, and the payer in what was sent to channels and
 * heard from them. Orders and money stay, and belong to nobody any more. The same
 * WeChat user who logs in again is a new customer. What was answered to staff about
 * him goes when all stored answers do, within 48 hours (sweep.h).
 *
 * What is held against a person stays held. If a ban runs or violations count, keyed
 * hashes (keyed_hash.h) of the phone and the openids are kept in left_mark, for no
 * longer than that can matter; a new account that comes with one of them takes over
 * the ban and the violations. */

/* E_STAFF_ACCOUNT; E_ACCOUNT_BUSY while an order is unpaid, yet to be played or
 * not settled, *detail then says which and why; E_SESSION_ENDED: has left already. */
enum err account_leave(struct tx *, int64_t account_id, raw_json *detail) CHECKED;

/* The account now has this phone, or was first seen under these ids of WeChat
 * (unionid may be NULL), in the same transaction. */
enum err phone_taken_over(struct tx *, int64_t account_id, const char *phone) CHECKED;
enum err wechat_taken_over(struct tx *, int64_t account_id, const char *appid,
	const char *openid, const char *unionid) CHECKED;

#endif
