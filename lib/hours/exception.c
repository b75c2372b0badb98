#include "hours/exception.h"

#include "hours/check.h"
#include "hours/date_number.h"
#include "hours/overlap.h"
#include "setup/coverage.h"
#include "venue/clock.h"

static const struct field line_fields[] = {
	FIELD(struct hours_line, opens, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
	FIELD(struct hours_line, closes, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
};
static const struct shape line_shape = SHAPE(struct hours_line, line_fields);

#define EXCEPTION_IN                                                                        \
	FIELD(struct exception_in, reason, .optional = true, .plain = PLAIN_LINE, .min = 1, \
		.max = EDIT_REASON_LENGTH),                                                 \
		FIELD(struct exception_in, hours, .min = 0, .max = EXCEPTION_HOURS_MAX,     \
			.of = &line_shape),                                                 \
		OUTSIDE_IN(struct exception_in, outside)
static const struct field new_fields[] = {
	FIELD(struct exception_in, day),
	EXCEPTION_IN,
};
const struct shape exception_new_shape = SHAPE(struct exception_in, new_fields);
static const struct field edit_fields[] = {EXCEPTION_IN};
const struct shape exception_edit_shape = SHAPE(struct exception_in, edit_fields);

static const struct field exception_fields[] = {
	FIELD(struct exception, id, .hidden = true),
	FIELD(struct exception, day),
	FIELD(struct exception, version),
	FIELD(struct exception, reason, .optional = true),
	FIELD(struct exception, hours),
};
const struct shape exception_shape = SHAPE(struct exception, exception_fields);

#define EXCEPTION_COLUMNS \
	"SELECT " DATE_NUMBER("e.day") " AS id, e.day, e.version, nullif(e.reason, '') AS reason," \
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('opens', clock_text(h.opens),"                       \
	"  'closes', clock_text(h.closes)) ORDER BY h.opens), '[]')"                                         \
	"  FROM opening_exception_hours h WHERE h.venue_id = e.venue_id AND h.day = e.day)"                  \
	" AS hours FROM opening_exception e"

SQL(exceptions_of_venue, EXCEPTION_COLUMNS
	" WHERE e.venue_id = $1 AND e.day >= $2"
	" AND " DATE_NUMBER("e.day") " > $3 ORDER BY e.day LIMIT $4");
SQL(exception_of_day, EXCEPTION_COLUMNS " WHERE e.venue_id = $1 AND e.day = $2");

enum err exception_list(struct tx *tx, int64_t venue_id, date from, int64_t after,
	int64_t limit, struct list *out)
{
	venue_require(tx, venue_id);
	return db_all(tx, &exceptions_of_venue, &exception_shape, out, A(venue_id), A(from),
		A(after), A(limit));
}

enum err exception_load(struct tx *tx, int64_t venue_id, date day, struct exception *out)
{
	return db_one(tx, &exception_of_day, &exception_shape, out, A(venue_id), A(day));
}

SQL(exceptions_few,
	"SELECT 1 FROM opening_exception WHERE venue_id = $1 AND day >= current_date"
	" OFFSET $2 LIMIT 1");
SQL(exception_insert,
	"INSERT INTO opening_exception (venue_id, day, reason) VALUES ($1, $2, coalesce($3, ''))");
SQL(exception_touch,
	"UPDATE opening_exception SET version = version + 1, reason = coalesce($4, '')"
	" WHERE venue_id = $1 AND day = $2 AND " VERSION_IS("version", "$3"));
SQL(exception_hours_drop,
	"DELETE FROM opening_exception_hours o WHERE o.venue_id = $1 AND o.day = $2"
	" AND NOT EXISTS (SELECT 1 FROM unnest($3::bigint[], $4::bigint[]) AS t(opens, closes)"
	"  WHERE (t.opens, t.closes) = (o.opens, o.closes))");
SQL(exception_hours_put,
	"INSERT INTO opening_exception_hours (venue_id, day, opens, closes)"
	" SELECT $1, $2, t.opens, t.closes"
	" FROM unnest($3::bigint[], $4::bigint[]) AS t(opens, closes)"
	" ON CONFLICT (venue_id, day, opens) DO NOTHING");
SQL(exception_delete,
	"DELETE FROM opening_exception WHERE venue_id = $1 AND day = $2 AND " VERSION_IS(
		"version", "$3"));

static enum err put_hours(struct tx *tx, int64_t venue_id, const struct exception_in *in,
	struct list *outside, struct refusal *why)
{
	struct hours_columns c;

	TRY(hours_check(tx->mem, &in->hours, ONE_DAY, &c, &why->field));
	db_queue(tx, &exception_hours_drop, A(venue_id), A(in->day), A(c.opens), A(c.closes));
	db_queue(tx, &exception_hours_put, A(venue_id), A(in->day), A(c.opens), A(c.closes));
	TRY(overlap_check(tx,
		&(struct overlap_params){
			.venue_id = venue_id, .day = in->day, .lines = &in->hours},
		why));
	TRY(coverage_check(tx, venue_id, "hours", why));
	return outside_settle(tx,
		&(struct outside_params){.venue_id = venue_id,
			.day = in->day,
			.in = in->outside,
			.reason = in->reason},
		outside, &why->detail);
}

enum err exception_add(struct tx *tx, int64_t venue_id, const struct exception_in *in,
	struct list *outside, struct refusal *why)
{
	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	why->field = "day";
	db_queue_none(tx, &exceptions_few, E_BAD_FIELD, A(venue_id), A(EXCEPTIONS_AHEAD));
	db_queue(tx, &exception_insert, A(venue_id), A(in->day), A(in->reason));
	TRY(db_sync(tx));
	why->field = NULL;
	return put_hours(tx, venue_id, in, outside, why);
}

enum err exception_save(struct tx *tx, int64_t venue_id, int64_t version,
	const struct exception_in *in, struct list *outside, struct refusal *why)
{
	struct exception was;

	venue_lock(tx, venue_id);
	TRY(exception_load(tx, venue_id, in->day, &was));
	db_queue_version(
		tx, &exception_touch, A(venue_id), A(in->day), A(version), A(in->reason));
	return put_hours(tx, venue_id, in, outside, why);
}

enum err exception_remove(struct tx *tx, int64_t venue_id, date day, int64_t version,
	struct list *outside, struct refusal *why)
{
	struct exception was;

	venue_lock(tx, venue_id);
	TRY(exception_load(tx, venue_id, day, &was));
	db_queue_version(tx, &exception_delete, A(venue_id), A(day), A(version));
	TRY(overlap_check(tx, &(struct overlap_params){.venue_id = venue_id, .day = day}, why));
	return outside_settle(tx, &(struct outside_params){.venue_id = venue_id, .day = day},
		outside, &why->detail);
}
