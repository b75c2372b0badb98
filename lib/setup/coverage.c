#include "setup/coverage.h"

#include "base/buf.h"
#include "base/time.h"
#include "setup/price_gap.h"
#include "venue/clock.h"
#include "venue/day_kind.h"
#include "venue/venue.h"

static const struct field court_fields[] = {
	FIELD(struct coverage_court, id),
	FIELD(struct coverage_court, sport_id),
	FIELD(struct coverage_court, name),
	FIELD(struct coverage_court, sport),
};
static const struct shape court_shape = SHAPE(struct coverage_court, court_fields);

static const struct field hours_fields[] = {
	FIELD(struct coverage_hours, day, .optional = true),
	FIELD(struct coverage_hours, weekday),
	FIELD(struct coverage_hours, opens),
	FIELD(struct coverage_hours, closes),
	FIELD(struct coverage_hours, day_kind, .optional = true),
	FIELD(struct coverage_hours, day_name, .optional = true),
};
static const struct shape hours_shape = SHAPE(struct coverage_hours, hours_fields);

SQL(coverage_courts,
	"SELECT c.id, c.sport_id, c.name, s.name AS sport FROM court c"
	" JOIN venue v ON v.id = c.venue_id JOIN sport s ON s.id = c.sport_id"
	" WHERE c.venue_id = $1 AND c.closed_at IS NULL"
	" AND (c.ends_on IS NULL OR c.ends_on > " VENUE_TODAY
	") ORDER BY s.id, c.position, c.id");
SQL(coverage_openings,
	"SELECT NULL::date AS day, o.weekday, o.opens, o.closes, NULL AS day_kind,"
	"  NULL AS day_name FROM opening o WHERE o.venue_id = $1"
	" UNION ALL SELECT e.day, coalesce(c.as_weekday, extract(isodow FROM e.day)::bigint),"
	"  e.opens, e.closes, c.kind, c.name FROM venue v"
	" JOIN opening_exception_hours e ON e.venue_id = v.id"
	" LEFT JOIN calendar_day c ON c.day = e.day WHERE v.id = $1 AND e.day >= " VENUE_TODAY
	" ORDER BY day NULLS FIRST, weekday, opens");
SQL(coverage_rules, "SELECT " PRICE_RULE_COLUMNS " FROM price_rule WHERE venue_id = $1");

static const char *gap_text(struct arena *mem, int64_t venue_id, const struct price_gap *gap)
{
	struct buf b = buf_in(mem, 4096);
	char day[DATE_TEXT], from[CLOCK_TEXT], to[CLOCK_TEXT];
	const struct coverage_hours *h = gap->hours;

	json_open(&b, NULL, '{');
	json_int(&b, "venue_id", venue_id);
	json_int(&b, "court_id", gap->court->id);
	json_text(&b, "court", gap->court->name);
	json_text(&b, "sport", gap->court->sport);
	json_int(&b, "weekday", h->weekday);
	json_text(&b, "date", h->day.days ? date_write(day, h->day) : NULL);
	json_text(&b, "day_kind", day_kind_text(h->day_kind));
	json_text(&b, "day_name", h->day_name);
	json_text(&b, "from", clock_write(from, gap->from));
	json_text(&b, "to", clock_write(to, gap->to));
	json_close(&b, '}');
	return buf_text(&b);
}

enum err coverage_check(struct tx *tx, int64_t venue_id, const char *field, struct refusal *why)
{
	struct coverage coverage;
	struct price_gap gap;

	db_ask_all(tx, &coverage_courts, &court_shape, &coverage.courts, A(venue_id));
	db_ask_all(tx, &coverage_openings, &hours_shape, &coverage.hours, A(venue_id));
	db_ask_all(tx, &coverage_rules, &price_rule_shape, &coverage.rules, A(venue_id));
	TRY(db_sync(tx));
	if (!price_gap_find(&coverage, &gap))
		return E_OK;
	*why = (struct refusal){field, {gap_text(tx->mem, venue_id, &gap)}};
	return E_PRICE_HOLE;
}
