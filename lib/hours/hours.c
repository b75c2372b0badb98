#include "hours/hours.h"

#include "base/time.h"
#include "hours/check.h"
#include "hours/overlap.h"
#include "setup/coverage.h"
#include "venue/clock.h"
#include "venue/day.h"

static const struct field line_fields[] = {
	FIELD(struct hours_line, weekday, .min = 1, .max = 7),
	FIELD(struct hours_line, opens, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
	FIELD(struct hours_line, closes, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
};
const struct shape hours_line_shape = SHAPE(struct hours_line, line_fields);

static const struct field doc_fields[] = {
	FIELD(struct hours_doc, hours, .min = 0, .max = HOURS_MAX, .of = &hours_line_shape),
};
const struct shape hours_doc_shape = SHAPE(struct hours_doc, doc_fields);
static const struct field edit_fields[] = {
	FIELD(struct hours_doc, hours, .min = 0, .max = HOURS_MAX, .of = &hours_line_shape),
	OUTSIDE_IN(struct hours_doc, outside),
};
const struct shape hours_edit_shape = SHAPE(struct hours_doc, edit_fields);

SQL(hours_version, "SELECT hours_version FROM venue WHERE id = $1");
SQL(hours_of_venue,
	"SELECT o.weekday, clock_text(o.opens) AS opens, clock_text(o.closes) AS closes"
	" FROM opening o JOIN venue v ON v.id = o.venue_id WHERE v.id = $1"
	" ORDER BY o.weekday, o.opens");

enum err hours_load(struct tx *tx, int64_t venue_id, struct hours_doc *out)
{
	db_ask_value(tx, &hours_version, &out->version, E_NOT_FOUND, A(venue_id));
	db_ask_all(tx, &hours_of_venue, &hours_line_shape, &out->hours, A(venue_id));
	return db_sync(tx);
}

SQL(hours_touch,
	"UPDATE venue SET hours_version = hours_version + 1"
	" WHERE id = $1 AND " VERSION_IS("hours_version", "$2"));
/* Only what differs is written, so that the audit log stays readable. */
SQL(hours_drop,
	"DELETE FROM opening o WHERE o.venue_id = $1 AND NOT EXISTS (SELECT 1 FROM"
	" unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS t(weekday, opens, closes)"
	" WHERE (t.weekday, t.opens, t.closes) = (o.weekday, o.opens, o.closes))");
SQL(hours_put,
	"INSERT INTO opening (venue_id, weekday, opens, closes)"
	" SELECT $1, t.weekday, t.opens, t.closes"
	" FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS t(weekday, opens, closes)"
	" ON CONFLICT (venue_id, weekday, opens) DO NOTHING");

enum err hours_save(struct tx *tx, int64_t venue_id, struct hours_doc *doc,
	struct list *outside, struct refusal *why)
{
	struct hours_columns c;

	venue_lock(tx, venue_id);
	db_queue_version(tx, &hours_touch, A(venue_id), A(doc->version));
	TRY(db_sync(tx));
	TRY(hours_check(tx->mem, &doc->hours, WEEK, &c, &why->field));
	db_queue(tx, &hours_drop, A(venue_id), A(c.weekday), A(c.opens), A(c.closes));
	db_queue(tx, &hours_put, A(venue_id), A(c.weekday), A(c.opens), A(c.closes));
	TRY(overlap_check(
		tx, &(struct overlap_params){.venue_id = venue_id, .lines = &doc->hours}, why));
	TRY(coverage_check(tx, venue_id, "hours", why));
	db_ask_value(tx, &hours_version, &doc->version, E_NOT_FOUND, A(venue_id));
	db_ask_all(tx, &hours_of_venue, &hours_line_shape, &doc->hours, A(venue_id));
	return outside_settle(tx,
		&(struct outside_params){.venue_id = venue_id, .in = doc->outside}, outside,
		&why->detail);
}
