#include "staff.h"

#include "base/settings.h"
#include "guard/limit.h"

#include <inttypes.h>

static const struct field reason_in_fields[] = {
	FIELD(struct reason_in, reason, .plain = PLAIN_LINE, .min = 1, .max = NOTE_LENGTH),
};
const struct shape reason_in_shape = SHAPE(struct reason_in, reason_in_fields);

static const struct field note_in_fields[] = {
	FIELD(struct note_in, note, .plain = PLAIN_LINES, .min = 1, .max = NOTE_LENGTH),
};
const struct shape note_in_shape = SHAPE(struct note_in, note_in_fields);

SQL(phone_search, "SELECT phone_search_take($1, $2, $3)");

enum err phone_search_take(struct req *r, const char *phone, const char *place)
{
	int per_minute = (int)settings.phone_searches_per_minute;
	const char *caller = arena_printf(r->mem, "%" PRId64, r->caller.account_id);

	if (!phone)
		return E_OK;
	TRY(limit_take("phone-search", caller, per_minute, per_minute, &r->retry_after_s));
	TRY(db_value(&r->tx, &phone_search, &r->retry_after_s, A(phone), A(place),
		A(settings.phone_searches_per_day)));
	return r->retry_after_s ? E_BUSY : E_OK;
}
