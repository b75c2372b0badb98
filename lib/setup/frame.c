#include "setup/frame.h"

#include "base/buf.h"
#include "base/time.h"
#include "setup/price_gap.h"
#include "venue/clock.h"
#include "venue/venue.h"

static const struct field verdict_fields[] = {FIELD(struct verdict, yes)};
const struct shape verdict_shape = SHAPE(struct verdict, verdict_fields);

/* Orders hold the venue's row FOR KEY SHARE, which this does not disturb. */
SQL(frame_calendar_shared, "SELECT pg_advisory_xact_lock_shared(920001)");
SQL(frame_calendar_alone, "SELECT pg_advisory_xact_lock(920001)");
SQL(frame_venue, "SELECT 1 FROM venue WHERE id = $1 FOR NO KEY UPDATE");

void frame_lock(struct tx *tx, int64_t venue_id)
{
	db_queue(tx, &frame_calendar_shared);
	db_queue_one(tx, &frame_venue, E_NOT_FOUND, A(venue_id));
}

SQL(frame_seen, "SELECT 1 FROM venue WHERE id = $1");

void frame_ask(struct tx *tx, int64_t venue_id)
{
	db_queue_one(tx, &frame_seen, E_NOT_FOUND, A(venue_id));
}

void frame_lock_calendar(struct tx *tx)
{
	db_queue(tx, &frame_calendar_alone);
}

static const struct field court_fields[] = {
	FIELD(struct coverage_court, id),
	FIELD(struct coverage_court, sport_id),
	FIELD(struct coverage_court, name, .optional = true),
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

static const struct field rule_fields[] = {
	FIELD(struct price_rule, id),
	FIELD(struct price_rule, position),
	FIELD(struct price_rule, sport_id, .optional = true),
	FIELD(struct price_rule, court_id, .optional = true),
	FIELD(struct price_rule, weekdays, .optional = true),
	FIELD(struct price_rule, opens),
	FIELD(struct price_rule, closes),
	FIELD(struct price_rule, day_kind, .optional = true),
	FIELD(struct price_rule, from_day, .optional = true),
	FIELD(struct price_rule, to_day, .optional = true),
	FIELD(struct price_rule, hour_fen),
};
static const struct shape rule_shape = SHAPE(struct price_rule, rule_fields);

/* A sport without any court stands for the first one that it will have. */
SQL(frame_courts,
	"WITH alive AS (SELECT c.* FROM court c JOIN venue v ON v.id = c.venue_id"
	"  WHERE c.venue_id = $1 AND c.closed_at IS NULL"
	"  AND (c.ends_on IS NULL OR c.ends_on > " VENUE_TODAY
	"))"
	" SELECT coalesce(c.id, 0) AS id, s.id AS sport_id, c.name, s.name AS sport"
	" FROM venue_sport vs JOIN sport s ON s.id = vs.sport_id"
	" LEFT JOIN alive c ON c.sport_id = vs.sport_id"
	" WHERE vs.venue_id = $1 AND (c.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM court x"
	"  WHERE x.venue_id = $1 AND x.sport_id = vs.sport_id))"
	" ORDER BY s.id, c.position, c.id");
SQL(frame_hours,
	"SELECT NULL::date AS day, o.weekday, o.opens, o.closes, NULL AS day_kind,"
	"  NULL AS day_name FROM opening o WHERE o.venue_id = $1"
	" UNION ALL SELECT e.day, coalesce(c.as_weekday, extract(isodow FROM e.day)::bigint),"
	"  e.opens, e.closes, c.kind, c.name FROM venue v"
	" JOIN opening_exception_hours e ON e.venue_id = v.id"
	" LEFT JOIN calendar_day c ON c.day = e.day WHERE v.id = $1 AND e.day >= " VENUE_TODAY
	" ORDER BY day NULLS FIRST, weekday, opens");
SQL(frame_rules,
	"SELECT id, position, sport_id, court_id, weekdays, opens, closes, day_kind, from_day,"
	" to_day, hour_fen FROM price_rule WHERE venue_id = $1");

static const char *gap_text(struct arena *mem, int64_t venue_id, const struct price_gap *gap)
{
	struct buf b = buf_in(mem, 4096);
	char day[DATE_TEXT], from[CLOCK_TEXT], to[CLOCK_TEXT];
	const struct coverage_hours *h = gap->hours;

	json_open(&b, NULL, '{');
	json_int(&b, "venue_id", venue_id);
	if (gap->court->id)
		json_int(&b, "court_id", gap->court->id);
	else
		json_null(&b, "court_id");
	json_text(&b, "court", gap->court->name);
	json_text(&b, "sport", gap->court->sport);
	json_int(&b, "weekday", h->weekday);
	json_text(&b, "date", h->day.days ? date_write(day, h->day) : NULL);
	json_text(&b, "day_kind", h->day_kind ? h->day_kind : "normal");
	json_text(&b, "day_name", h->day_name);
	json_text(&b, "from", clock_write(from, gap->from));
	json_text(&b, "to", clock_write(to, gap->to));
	json_close(&b, '}');
	return buf_text(&b);
}

enum err frame_priced(struct tx *tx, int64_t venue_id, const char *field, struct refusal *why)
{
	struct coverage coverage;
	struct price_gap gap;

	db_ask_all(tx, &frame_courts, &court_shape, &coverage.courts, A(venue_id));
	db_ask_all(tx, &frame_hours, &hours_shape, &coverage.hours, A(venue_id));
	db_ask_all(tx, &frame_rules, &rule_shape, &coverage.rules, A(venue_id));
	TRY(db_sync(tx));
	if (!price_gap_find(&coverage, &gap))
		return E_OK;
	*why = (struct refusal){field, {gap_text(tx->mem, venue_id, &gap)}};
	return E_PRICE_HOLE;
}

struct sold {
	int64_t total;
	raw_json detail;
};
static const struct field sold_fields[] = {
	FIELD(struct sold, total),
	FIELD(struct sold, detail),
};
static const struct shape sold_shape = SHAPE(struct sold, sold_fields);

/* How many, and which the first 20 are. */
#define TOLD(orders, all)                                                               \
	" SELECT t.total, jsonb_build_object('total', t.total, 'orders', (SELECT"       \
	"  coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'no', f.no,"               \
	"   'date', f.play_date) ORDER BY f.play_date, f.id), '[]') FROM (SELECT o.id," \
	"   o.no, o.play_date FROM " orders                                             \
	" ORDER BY o.play_date, o.id LIMIT 20) f))"                                     \
	" AS detail FROM (SELECT count(*) AS total FROM " all ") t"
/* What is not over was sold for yesterday or later: a play day's hours end at 30:00
 * (opening_minutes), which no zone has later than 42 hours after the date begins in
 * UTC. One day more, because today's date is the connection's. */
SQL(frame_sold,
	"WITH hit AS MATERIALIZED (SELECT DISTINCT o.id, o.no, o.play_date"
	"  FROM orders o JOIN order_item i ON i.order_id = o.id"
	"  WHERE o.venue_id = $1 AND ($2::bigint IS NULL OR i.court_id = $2)"
	"  AND o.play_date >= CASE WHEN $4 THEN greatest($3, current_date - 2) ELSE $3 END"
	"  AND (NOT $4 OR upper(i.during) > now())"
	"  AND i.state IN ('held', 'booked', 'used'))" TOLD("hit o", "hit"));
/* Ever; by the indexes of venue and court. */
#define OF_VENUE "orders o WHERE o.venue_id = $1"
SQL(frame_sold_of_venue, TOLD(OF_VENUE, OF_VENUE));
SQL(frame_sold_of_court,
	"WITH hit AS MATERIALIZED (SELECT DISTINCT i.order_id FROM order_item i"
	"  WHERE i.court_id = $2 AND i.venue_id = $1)" TOLD(
		"hit h JOIN orders o ON o.id = h.order_id", "hit"));

static enum err ask_sold(
	struct tx *tx, int64_t venue_id, const struct sold_ask *ask, struct sold *sold)
{
	if (ask->unfinished || ask->from.days != 0)
		return db_one(tx, &frame_sold, &sold_shape, sold, A(venue_id),
			A(arg_id_or_null(ask->court_id)), A(arg_date_or_null(ask->from)),
			A(ask->unfinished));
	if (ask->court_id)
		return db_one(tx, &frame_sold_of_court, &sold_shape, sold, A(venue_id),
			A(ask->court_id));
	return db_one(tx, &frame_sold_of_venue, &sold_shape, sold, A(venue_id));
}

enum err frame_unsold(struct tx *tx, int64_t venue_id, const struct sold_ask *ask,
	const char *field, struct refusal *why)
{
	struct sold sold;

	TRY(ask_sold(tx, venue_id, ask, &sold));
	if (sold.total == 0)
		return E_OK;
	*why = (struct refusal){field, sold.detail};
	return E_IN_USE;
}

static const struct field outside_fields[] = {
	FIELD(struct outside, order_id),
	FIELD(struct outside, no),
	FIELD(struct outside, item_id),
	FIELD(struct outside, court_id),
	FIELD(struct outside, court_name),
	FIELD(struct outside, date),
	FIELD(struct outside, start),
	FIELD(struct outside, end),
};
const struct shape outside_shape = SHAPE(struct outside, outside_fields);

SQL(frame_outside,
	"SELECT o.id AS order_id, o.no, i.id AS item_id, i.court_id, c.name AS court_name,"
	" o.play_date AS date, lower(i.during) AS start, upper(i.during) AS \"end\""
	" FROM venue v JOIN orders o ON o.venue_id = v.id JOIN order_item i ON i.order_id = o.id"
	" JOIN court c ON c.id = i.court_id"
	" WHERE ($1::bigint IS NULL OR v.id = $1) AND o.play_date >= " VENUE_TODAY
	" - 1"
	" AND ($2::date IS NULL OR o.play_date = $2)"
	" AND i.state IN ('held', 'booked') AND upper(i.during) > now()"
	" AND NOT EXISTS (SELECT 1 FROM (" HOURS_IN_FORCE("v.id", "o.play_date")
	") h"
	"  WHERE (o.play_date + h.opens * interval '1 minute') AT TIME ZONE v.timezone"
	"    <= lower(i.during)"
	"  AND (o.play_date + h.closes * interval '1 minute') AT TIME ZONE v.timezone"
	"    >= upper(i.during))"
	" ORDER BY 7, 1, 3 LIMIT 500");

void frame_ask_outside(struct tx *tx, int64_t venue_id, date day, struct list *out)
{
	db_ask_all(tx, &frame_outside, &outside_shape, out, A(arg_id_or_null(venue_id)),
		A(arg_date_or_null(day)));
}
