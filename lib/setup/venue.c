#include "setup/venue.h"

#include "setup/sold.h"
#include "venue/day.h"
#include "venue/venue.h"

#include <string.h>

enum { WINDOW_DAYS_MAX = 400, EARLY_MINUTES_MAX = 1440, LONGEST_MINUTES = 240 };

#define VENUE_IN                                                                               \
	FIELD(struct venue_in, name, .plain = PLAIN_LINE, .min = 1, .max = NAME_LENGTH),       \
		FIELD(struct venue_in, address, .optional = true, .plain = PLAIN_LINE,         \
			.min = 1, .max = ADDRESS_LENGTH),                                      \
		FIELD(struct venue_in, phone, .optional = true, .plain = PLAIN_LINE, .min = 1, \
			.max = VENUE_PHONE_LENGTH),                                            \
		FIELD(struct venue_in, timezone, .min = 1, .max = ZONE_LENGTH),                \
		FIELD(struct venue_in, window_days, .min = 0, .max = WINDOW_DAYS_MAX),         \
		FIELD(struct venue_in, checkin_early_minutes, .min = 0,                        \
			.max = EARLY_MINUTES_MAX),                                             \
		FIELD(struct venue_in, ends_on, .optional = true),                             \
		FIELD(struct venue_in, phone_required, .optional = true, .absent = true),      \
		FIELD(struct venue_in, longest_minutes, .optional = true, .min = STEP_MINUTES, \
			.max = DAY_MINUTES_MAX, .absent = LONGEST_MINUTES)
static const struct field new_fields[] = {VENUE_IN};
const struct shape venue_new_shape = SHAPE(struct venue_in, new_fields);
static const struct field edit_fields[] = {
	VENUE_IN,
	OUTSIDE_IN(struct venue_in, outside),
};
const struct shape venue_edit_shape = SHAPE(struct venue_in, edit_fields);

static const struct field sheet_fields[] = {
	FIELD(struct venue_sheet, id),
	FIELD(struct venue_sheet, version),
	FIELD(struct venue_sheet, name),
	FIELD(struct venue_sheet, address, .optional = true),
	FIELD(struct venue_sheet, phone, .optional = true),
	FIELD(struct venue_sheet, timezone),
	FIELD(struct venue_sheet, window_days),
	FIELD(struct venue_sheet, checkin_early_minutes),
	FIELD(struct venue_sheet, ends_on, .optional = true),
	FIELD(struct venue_sheet, phone_required),
	FIELD(struct venue_sheet, longest_minutes),
};
const struct shape venue_sheet_shape = SHAPE(struct venue_sheet, sheet_fields);

#define SHEET_COLUMNS                                                                           \
	"SELECT id, version, name, nullif(address, '') AS address, nullif(phone, '') AS phone," \
	" timezone, window_days, checkin_early_minutes, ends_on, phone_required,"               \
	" longest_minutes FROM venue"
SQL(venue_sheets_after, SHEET_COLUMNS " WHERE id > $1 ORDER BY id LIMIT $2");
SQL(venue_sheet_by_id, SHEET_COLUMNS " WHERE id = $1");

enum err venue_sheet_list(struct tx *tx, int64_t after, int64_t limit, struct list *out)
{
	return db_all(tx, &venue_sheets_after, &venue_sheet_shape, out, A(after), A(limit));
}

enum err venue_sheet_load(struct tx *tx, int64_t id, struct venue_sheet *out)
{
	return db_one(tx, &venue_sheet_by_id, &venue_sheet_shape, out, A(id));
}

/* Only names: "UTC+8" and the like mean something else to PostgreSQL than to people. */
SQL(zone_known, "SELECT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = $1)");
/* Courts are held by half hours of UTC (occupancy_step). So nothing can be sold in a zone
 * whose clocks are a quarter off at any time of the coming years, such as Asia/Kathmandu. */
SQL(zone_fits,
	"SELECT coalesce(bool_and(extract(epoch FROM"
	" (t AT TIME ZONE $1) - (t AT TIME ZONE 'UTC')) % 1800 = 0), false)"
	" FROM generate_series(now(), now() + interval '10 years', interval '7 days') AS t");
SQL(venue_insert,
	"INSERT INTO venue (id, name, address, phone, timezone, window_days,"
	" checkin_early_minutes, ends_on, phone_required, longest_minutes)"
	" VALUES ($1, $2, coalesce($3, ''), coalesce($4, ''), $5, $6, $7, $8, $9, $10)");

static enum err check_longest(const struct venue_in *in, struct refusal *why)
{
	if (in->longest_minutes % STEP_MINUTES == 0)
		return E_OK;
	why->field = "longest_minutes";
	return E_BAD_FIELD;
}

static enum err check_zone(struct tx *tx, const char *zone, struct refusal *why)
{
	bool known;

	TRY(db_value(tx, &zone_known, &known, A(zone)));
	if (known)
		TRY(db_value(tx, &zone_fits, &known, A(zone)));
	if (known)
		return E_OK;
	why->field = "timezone";
	return E_BAD_FIELD;
}

enum err venue_add(struct tx *tx, const struct venue_in *in, int64_t *id, struct refusal *why)
{
	TRY(check_longest(in, why));
	TRY(check_zone(tx, in->timezone, why));
	TRY(ids_take(tx, 1, id));
	return db_run(tx, &venue_insert, A(*id), A(in->name), A(in->address), A(in->phone),
		A(in->timezone), A(in->window_days), A(in->checkin_early_minutes),
		A(arg_date_or_null(in->ends_on)), A(in->phone_required),
		A(in->longest_minutes));
}

/* A lock against orders, too, which hold the row FOR KEY SHARE. */
SQL(venue_alone, "SELECT 1 FROM venue WHERE id = $1 FOR UPDATE");
SQL(venue_update,
	"UPDATE venue SET version = version + 1, name = $3, address = coalesce($4, ''),"
	" phone = coalesce($5, ''), timezone = $6, window_days = $7,"
	" checkin_early_minutes = $8, ends_on = $9, phone_required = $10,"
	" longest_minutes = $11 WHERE id = $1 AND " VERSION_IS("version", "$2"));

static enum err lock_alone(struct tx *tx, int64_t id, int64_t version, struct venue_sheet *was)
{
	venue_lock(tx, id);
	db_queue(tx, &venue_alone, A(id));
	TRY(venue_sheet_load(tx, id, was));
	return version_check(was->version, version);
}

enum err venue_save(struct tx *tx, int64_t id, int64_t version, const struct venue_in *in,
	struct refusal *why)
{
	struct venue_sheet was;
	struct list outside;

	TRY(check_longest(in, why));
	TRY(lock_alone(tx, id, version, &was));
	if (strcmp(was.timezone, in->timezone) != 0) {
		TRY(check_zone(tx, in->timezone, why));
		TRY(ahead_check(tx, id, 0, "timezone", why));
	}
	if (in->ends_on.days != 0 && !in->outside.sold)
		TRY(sold_check(tx, id,
			&(struct sold_params){.from = in->ends_on, .undecided = true},
			"ends_on", why));
	why->field = NULL;
	db_queue_version(tx, &venue_update, A(id), A(version), A(in->name), A(in->address),
		A(in->phone), A(in->timezone), A(in->window_days), A(in->checkin_early_minutes),
		A(arg_date_or_null(in->ends_on)), A(in->phone_required),
		A(in->longest_minutes));
	return outside_settle(tx, &(struct outside_params){.venue_id = id, .in = in->outside},
		&outside, &why->detail);
}

SQL(venue_dependants,
	"SELECT courts + units + staff > 0 AS used,"
	" jsonb_build_object('courts', courts, 'units', units, 'staff', staff) AS detail"
	" FROM (SELECT (SELECT count(*) FROM court WHERE venue_id = $1) AS courts,"
	"  (SELECT count(*) FROM unit WHERE venue_id = $1) AS units,"
	"  (SELECT count(*) FROM account_role WHERE venue_id = $1) AS staff) t");
SQL(venue_drop_prices, "DELETE FROM price_rule WHERE venue_id = $1");
SQL(venue_drop_hours, "DELETE FROM opening WHERE venue_id = $1");
SQL(venue_drop_exceptions, "DELETE FROM opening_exception WHERE venue_id = $1");
SQL(venue_drop_sports, "DELETE FROM venue_sport WHERE venue_id = $1");
SQL(venue_delete, "DELETE FROM venue WHERE id = $1 AND " VERSION_IS("version", "$2"));

enum err venue_remove(struct tx *tx, int64_t id, int64_t version, struct refusal *why)
{
	struct venue_sheet was;
	struct dependants found;

	TRY(lock_alone(tx, id, version, &was));
	TRY(sold_check(tx, id, &(struct sold_params){0}, NULL, why));
	TRY(db_one(tx, &venue_dependants, &dependants_shape, &found, A(id)));
	TRY(dependants_check(&found, NULL, why));
	db_queue(tx, &venue_drop_prices, A(id));
	db_queue(tx, &venue_drop_hours, A(id));
	db_queue(tx, &venue_drop_exceptions, A(id));
	db_queue(tx, &venue_drop_sports, A(id));
	db_queue_version(tx, &venue_delete, A(id), A(version));
	return db_sync(tx);
}
