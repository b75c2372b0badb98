#include "hours/calendar.h"

#include "hours/date_number.h"
#include "hours/overlap.h"
#include "setup/coverage.h"
#include "venue/day_kind.h"

#include <string.h>

enum { WORKDAYS = 5 };

#define CALENDAR_IN                                                               \
	FIELD(struct calendar_in, kind, .one_of = DAY_KINDS),                     \
		FIELD(struct calendar_in, name, .plain = PLAIN_LINE, .min = 1,    \
			.max = NAME_LENGTH),                                      \
		FIELD(struct calendar_in, as_weekday, .optional = true, .min = 1, \
			.max = WORKDAYS),                                         \
		OUTSIDE_IN(struct calendar_in, outside)
static const struct field new_fields[] = {
	FIELD(struct calendar_in, day),
	CALENDAR_IN,
};
const struct shape calendar_new_shape = SHAPE(struct calendar_in, new_fields);
static const struct field edit_fields[] = {CALENDAR_IN};
const struct shape calendar_edit_shape = SHAPE(struct calendar_in, edit_fields);

static const struct field calendar_fields[] = {
	FIELD(struct calendar_day, id, .hidden = true),
	FIELD(struct calendar_day, day),
	FIELD(struct calendar_day, version),
	FIELD(struct calendar_day, kind),
	FIELD(struct calendar_day, name),
	FIELD(struct calendar_day, as_weekday, .optional = true),
};
const struct shape calendar_shape = SHAPE(struct calendar_day, calendar_fields);

#define CALENDAR_COLUMNS \
	"SELECT " DATE_NUMBER("day") " AS id, day, version, kind, name, as_weekday" \
	" FROM calendar_day"
SQL(calendar_after, CALENDAR_COLUMNS
	" WHERE day >= $1 AND " DATE_NUMBER("day") " > $2"
	" ORDER BY day LIMIT $3");
SQL(calendar_of_day, CALENDAR_COLUMNS " WHERE day = $1");
SQL(calendar_insert,
	"INSERT INTO calendar_day (day, kind, name, as_weekday) VALUES ($1, $2, $3, $4)");
SQL(calendar_update,
	"UPDATE calendar_day SET version = version + 1, kind = $3, name = $4, as_weekday = $5"
	" WHERE day = $1 AND " VERSION_IS("version", "$2"));
SQL(calendar_delete,
	"DELETE FROM calendar_day WHERE day = $1 AND " VERSION_IS("version", "$2"));

/* Only venues with hours of their own on that date. Elsewhere an ordinary weekday's hours
 * are in force, and these have prices on any kind of day (setup/price_gap.h). */
SQL(calendar_exceptions,
	"SELECT DISTINCT venue_id FROM opening_exception_hours WHERE day = $1 ORDER BY 1");

enum err calendar_list(struct tx *tx, date from, int64_t after, int64_t limit, struct list *out)
{
	return db_all(tx, &calendar_after, &calendar_shape, out, A(from), A(after), A(limit));
}

enum err calendar_load(struct tx *tx, date day, struct calendar_day *out)
{
	return db_one(tx, &calendar_of_day, &calendar_shape, out, A(day));
}

static enum err check_body(const struct calendar_in *in, struct refusal *why)
{
	why->field = "as_weekday";
	if ((strcmp(in->kind, DAY_MAKEUP) == 0) != (in->as_weekday != 0))
		return E_BAD_FIELD;
	why->field = NULL;
	return E_OK;
}

/* Of all venues, after a change. `moved`: the date stands for another weekday than before,
 * so that other hours are in force. */
static enum err check_day(struct tx *tx, date day, const char *field, bool moved,
	const struct outside_in *in, struct list *outside, struct refusal *why)
{
	struct list venues;

	if (moved)
		TRY(overlap_check(
			tx, &(struct overlap_params){.day = day, .field = field}, why));
	TRY(db_values(tx, &calendar_exceptions, int64_t, &venues, A(day)));
	const int64_t *venue_id = venues.at;
	for (size_t i = 0; i < venues.count; i++)
		TRY(coverage_check(tx, venue_id[i], field, why));
	return outside_settle(
		tx, &(struct outside_params){.day = day, .in = *in}, outside, &why->detail);
}

enum err calendar_add(
	struct tx *tx, const struct calendar_in *in, struct list *outside, struct refusal *why)
{
	TRY(check_body(in, why));
	calendar_lock(tx);
	why->field = "day";
	TRY(db_run(tx, &calendar_insert, A(in->day), A(in->kind), A(in->name),
		A(arg_id_or_null(in->as_weekday))));
	why->field = NULL;
	return check_day(
		tx, in->day, "as_weekday", in->as_weekday != 0, &in->outside, outside, why);
}

enum err calendar_save(struct tx *tx, int64_t version, const struct calendar_in *in,
	struct list *outside, struct refusal *why)
{
	struct calendar_day was;

	calendar_lock(tx);
	TRY(calendar_load(tx, in->day, &was));
	TRY(check_body(in, why));
	db_queue_version(tx, &calendar_update, A(in->day), A(version), A(in->kind), A(in->name),
		A(arg_id_or_null(in->as_weekday)));
	return check_day(tx, in->day, "as_weekday", was.as_weekday != in->as_weekday,
		&in->outside, outside, why);
}

enum err calendar_remove(
	struct tx *tx, date day, int64_t version, struct list *outside, struct refusal *why)
{
	struct calendar_day was;

	calendar_lock(tx);
	TRY(calendar_load(tx, day, &was));
	db_queue_version(tx, &calendar_delete, A(day), A(version));
	return check_day(
		tx, day, NULL, was.as_weekday != 0, &(struct outside_in){0}, outside, why);
}
