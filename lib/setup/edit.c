#include "setup/edit.h"

/* Not a lock against orders: they hold the venue's row FOR KEY SHARE. */
SQL(calendar_shared, "SELECT pg_advisory_xact_lock_shared(920001)");
SQL(calendar_alone, "SELECT pg_advisory_xact_lock(920001)");
SQL(venue_locked, "SELECT 1 FROM venue WHERE id = $1 FOR NO KEY UPDATE");

void venue_lock(struct tx *tx, int64_t venue_id)
{
	db_queue(tx, &calendar_shared);
	db_queue_one(tx, &venue_locked, E_NOT_FOUND, A(venue_id));
}

SQL(venue_seen, "SELECT 1 FROM venue WHERE id = $1");

void venue_require(struct tx *tx, int64_t venue_id)
{
	db_queue_one(tx, &venue_seen, E_NOT_FOUND, A(venue_id));
}

void calendar_lock(struct tx *tx)
{
	db_queue(tx, &calendar_alone);
}

static const struct field dependants_fields[] = {
	FIELD(struct dependants, used),
	FIELD(struct dependants, detail),
};
const struct shape dependants_shape = SHAPE(struct dependants, dependants_fields);

enum err dependants_check(
	const struct dependants *found, const char *field, struct refusal *why)
{
	if (!found->used)
		return E_OK;
	*why = (struct refusal){field, found->detail};
	return E_IN_USE;
}
