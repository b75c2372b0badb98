#ifndef ACCOUNT_PHONE_SEARCH_H
#define ACCOUNT_PHONE_SEARCH_H

#include "db/db.h"

/* Before a search by a whole phone number (may be NULL) in `place`: only some a minute and a
 * day of each member, each in the audit log, because trying them all would undo the mask over
 * phones. E_BUSY, with the seconds to wait. */
enum err phone_search_take(struct tx *, int64_t member_id, const char *phone, const char *place,
	int64_t *retry_after_s) CHECKED;

#endif
