#include "venue/venue.h"

static const struct field venue_fields[] = {
	FIELD(struct venue, id),
	FIELD(struct venue, name),
	FIELD(struct venue, address),
	FIELD(struct venue, phone),
	FIELD(struct venue, sports),
	FIELD(struct venue, window_days),
	FIELD(struct venue, phone_required),
};
const struct shape venue_shape = SHAPE(struct venue, venue_fields);

static const struct field venue_detail_fields[] = {
	FIELD(struct venue_detail, id),
	FIELD(struct venue_detail, name),
	FIELD(struct venue_detail, address),
	FIELD(struct venue_detail, phone),
	FIELD(struct venue_detail, sports),
	FIELD(struct venue_detail, window_days),
	FIELD(struct venue_detail, phone_required),
	FIELD(struct venue_detail, timezone),
	FIELD(struct venue_detail, checkin_early_minutes),
	FIELD(struct venue_detail, longest_minutes),
	FIELD(struct venue_detail, hours),
};
const struct shape venue_detail_shape = SHAPE(struct venue_detail, venue_detail_fields);

#define SPORTS_OF_VENUE                                                                   \
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('code', s.code, 'name', s.name,"  \
	"   'slot_minutes', vs.slot_minutes, 'courts', (SELECT count(*) FROM court c"     \
	"    WHERE c.venue_id = v.id AND c.sport_id = s.id AND c.closed_at IS NULL"       \
	"    AND (c.ends_on IS NULL OR c.ends_on > " VENUE_TODAY                          \
	")))"                                                                             \
	"   ORDER BY s.id), '[]') FROM venue_sport vs JOIN sport s ON s.id = vs.sport_id" \
	"  WHERE vs.venue_id = v.id) AS sports"

SQL(venues_after, "SELECT v.id, v.name, v.address, v.phone, " VENUE_WINDOW
		  " AS window_days, v.phone_required," SPORTS_OF_VENUE
		  " FROM venue v WHERE v.id > $1 AND " VENUE_LIVES " ORDER BY v.id LIMIT $2");

enum err venue_list(struct tx *tx, int64_t after, int64_t limit, struct list *out)
{
	return db_all(tx, &venues_after, &venue_shape, out, A(after), A(limit));
}

/* "25:30" is half past one of the next morning. */
SQL(venue_by_id,
	"SELECT v.id, v.name, v.address, v.phone, " VENUE_WINDOW
	" AS window_days, v.phone_required, v.timezone,"
	" v.checkin_early_minutes, v.longest_minutes," SPORTS_OF_VENUE
	","
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('weekday', o.weekday,"
	"   'opens', clock_text(o.opens), 'closes', clock_text(o.closes))"
	"   ORDER BY o.weekday, o.opens), '[]') FROM opening o WHERE o.venue_id = v.id) AS hours"
	" FROM venue v WHERE v.id = $1 AND " VENUE_LIVES);

enum err venue_load(struct tx *tx, int64_t id, struct venue_detail *out)
{
	enum err err = db_one(tx, &venue_by_id, &venue_detail_shape, out, A(id));

	return err == E_NOT_FOUND ? E_VENUE_NOT_FOUND : err;
}
