#include "account/phone_search.h"

#include "base/settings.h"
#include "guard/limit.h"

#include <inttypes.h>

SQL(phone_search, "SELECT phone_search_take($1, $2, $3)");

enum err phone_search_take(struct tx *tx, int64_t member_id, const char *phone,
	const char *place, int64_t *retry_after_s)
{
	int per_minute = (int)settings.phone_searches_per_minute;
	const char *member = arena_printf(tx->mem, "%" PRId64, member_id);

	if (!phone)
		return E_OK;
	TRY(limit_take("phone-search", member, per_minute, per_minute, retry_after_s));
	TRY(db_value(tx, &phone_search, retry_after_s, A(phone), A(place),
		A(settings.phone_searches_per_day)));
	return *retry_after_s ? E_BUSY : E_OK;
}
