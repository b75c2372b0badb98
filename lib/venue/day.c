#include "venue/day.h"

#include "venue/venue.h"

static const struct field head_fields[] = {
	FIELD(struct day_head, venue_id),
	FIELD(struct day_head, venue_name),
	FIELD(struct day_head, timezone, .zone = true),
	FIELD(struct day_head, window_days),
	FIELD(struct day_head, weekday),
	FIELD(struct day_head, longest_minutes),
	FIELD(struct day_head, frame),
	FIELD(struct day_head, day_kind, .optional = true),
	FIELD(struct day_head, day_name, .optional = true),
	FIELD(struct day_head, date),
	FIELD(struct day_head, today),
	FIELD(struct day_head, night),
	FIELD(struct day_head, now),
	FIELD(struct day_head, refund_tiers),
};
static const struct shape head_shape = SHAPE(struct day_head, head_fields);

static const struct field opening_fields[] = {
	FIELD(struct opening, opens),
	FIELD(struct opening, closes),
	FIELD(struct opening, opens_at),
	FIELD(struct opening, closes_at),
};
static const struct shape opening_shape = SHAPE(struct opening, opening_fields);

static const struct field court_fields[] = {
	FIELD(struct court, id),
	FIELD(struct court, sport_id),
	FIELD(struct court, slot_minutes),
	FIELD(struct court, name),
};
static const struct shape court_shape = SHAPE(struct court, court_fields);

static const struct field taken_fields[] = {
	FIELD(struct taken, court_id),
	FIELD(struct taken, at),
	FIELD(struct taken, blocked),
};
static const struct shape taken_shape = SHAPE(struct taken, taken_fields);

static const struct field own_fields[] = {
	FIELD(struct own_period, court_id),
	FIELD(struct own_period, order_id),
	FIELD(struct own_period, start),
	FIELD(struct own_period, end),
};
static const struct shape own_shape = SHAPE(struct own_period, own_fields);

/* First of a day's statements: if the frame changes before the others, its number here is
 * the old one, and an order by it is refused. */
SQL(day_head, "SELECT v.id AS venue_id, v.name AS venue_name, v.timezone, " VENUE_WINDOW
	      " AS window_days,"
	      " coalesce(c.as_weekday, extract(isodow FROM $2::date)::bigint) AS weekday,"
	      " f.number AS frame,"
	      " c.kind AS day_kind, c.name AS day_name, $2::date AS date,"
	      " " VENUE_TODAY
	      " AS today, now() AS now, v.refund_tiers, v.longest_minutes,"
	      " CASE WHEN $2::date = " VENUE_TODAY
	      " THEN EXISTS (SELECT 1 FROM (" HOURS_IN_FORCE("$1", "($2::date - 1)") ") h"
	      "  WHERE ($2::date - 1 + h.closes * interval '1 minute') AT TIME ZONE v.timezone"
	      "   > now()) ELSE false END AS night"
	      " FROM venue v JOIN venue_frame f ON f.venue_id = v.id"
	      " LEFT JOIN calendar_day c ON c.day = $2::date"
	      " WHERE v.id = $1 AND v.closed_at IS NULL AND (v.ends_on IS NULL OR v.ends_on >"
	      "  CASE WHEN $2::date = " VENUE_TODAY " - 1 THEN $2::date ELSE " VENUE_TODAY
	      " END)");

SQL(day_openings,
	"SELECT h.opens, h.closes,"
	" ($2::date + h.opens * interval '1 minute') AT TIME ZONE v.timezone AS opens_at,"
	" ($2::date + h.closes * interval '1 minute') AT TIME ZONE v.timezone AS closes_at"
	" FROM venue v CROSS JOIN (" HOURS_IN_FORCE(
		"$1", "$2::date") ") h WHERE v.id = $1 ORDER BY h.opens");

/* A court without units would hold nothing: it is not for sale. */
SQL(day_courts_of_sport,
	"SELECT c.id, c.sport_id, vs.slot_minutes, c.name"
	" FROM court c JOIN sport s ON s.id = c.sport_id"
	" JOIN venue_sport vs ON vs.venue_id = c.venue_id AND vs.sport_id = c.sport_id"
	" WHERE c.venue_id = $1 AND s.code = $2 AND c.closed_at IS NULL"
	" AND (c.ends_on IS NULL OR c.ends_on > $3::date)"
	" AND EXISTS (SELECT 1 FROM court_unit u WHERE u.court_id = c.id)"
	" ORDER BY c.position, c.id");
SQL(day_courts_by_id,
	"SELECT c.id, c.sport_id, vs.slot_minutes, c.name"
	" FROM court c"
	" JOIN venue_sport vs ON vs.venue_id = c.venue_id AND vs.sport_id = c.sport_id"
	" WHERE c.venue_id = $1 AND c.id = ANY($2::bigint[]) AND c.closed_at IS NULL"
	" AND (c.ends_on IS NULL OR c.ends_on > $3::date)"
	" AND EXISTS (SELECT 1 FROM court_unit u WHERE u.court_id = c.id)");

SQL(day_rules, "SELECT " PRICE_RULE_COLUMNS
	       " FROM price_rule WHERE venue_id = $1"
	       " AND (from_day IS NULL OR $2::date BETWEEN from_day AND to_day)");

SQL(day_taken,
	"SELECT cu.court_id, o.at, o.block_id IS NOT NULL AS blocked"
	" FROM court c JOIN sport s ON s.id = c.sport_id"
	" JOIN court_unit cu ON cu.court_id = c.id"
	" JOIN occupancy o ON o.unit_id = cu.unit_id"
	"  AND o.at >= (SELECT $2::date::timestamp AT TIME ZONE v.timezone"
	"   FROM venue v WHERE v.id = $1)"
	"  AND o.at < (SELECT ($2::date::timestamp + interval '30 hours') AT TIME ZONE v.timezone"
	"   FROM venue v WHERE v.id = $1)"
	" WHERE c.venue_id = $1 AND s.code = $3");

SQL(day_own,
	"SELECT i.court_id, i.order_id, lower(i.during) AS start, upper(i.during) AS \"end\""
	" FROM orders o JOIN order_item i ON i.order_id = o.id AND i.state <> 'released'"
	" JOIN venue v ON v.id = o.venue_id"
	" WHERE o.account_id = $3 AND o.venue_id = $1 AND i.during && tstzrange("
	"  $2::date::timestamp AT TIME ZONE v.timezone,"
	"  ($2::date::timestamp + interval '30 hours') AT TIME ZONE v.timezone)");

static void ask_day(struct tx *tx, int64_t venue_id, date on, struct day *day)
{
	*day = (struct day){0};
	db_ask_one(
		tx, &day_head, &head_shape, &day->head, E_VENUE_NOT_FOUND, A(venue_id), A(on));
	db_ask_all(tx, &day_openings, &opening_shape, &day->openings, A(venue_id), A(on));
	db_ask_all(tx, &day_rules, &price_rule_shape, &day->rules, A(venue_id), A(on));
}

static bool is_running(const struct day *day)
{
	const struct opening *o = day->openings.at;

	for (size_t i = 0; i < day->openings.count; i++)
		if (o[i].closes_at.us > day->head.now.us)
			return true;
	return false;
}

bool day_in_window(const struct day *day)
{
	const struct day_head *head = &day->head;

	if (head->date.days == head->today.days - 1)
		return is_running(day);
	return head->date.days >= head->today.days &&
	       head->date.days <= head->today.days + head->window_days;
}

static enum err load_sport(struct tx *tx, int64_t venue_id, date on, const char *sport,
	int64_t account_id, struct day *day)
{
	ask_day(tx, venue_id, on, day);
	db_ask_all(tx, &day_courts_of_sport, &court_shape, &day->courts, A(venue_id), A(sport),
		A(on));
	db_ask_all(tx, &day_taken, &taken_shape, &day->taken, A(venue_id), A(on), A(sport));
	if (account_id)
		db_ask_all(
			tx, &day_own, &own_shape, &day->own, A(venue_id), A(on), A(account_id));
	TRY(db_sync(tx));
	if (day->courts.count == 0)
		return E_SPORT_NOT_FOUND;
	return day_in_window(day) ? E_OK : E_DATE_OUTSIDE_WINDOW;
}

/* Whole slots only, as they are shown. */
static bool has_slots(const struct day *day)
{
	const struct opening *o = day->openings.at;
	const struct court *court = day->courts.at;
	int64_t slot = court->slot_minutes * MINUTE;

	for (size_t i = 0; i < day->openings.count; i++)
		for (stamp at = o[i].opens_at; at.us + slot <= o[i].closes_at.us; at.us += slot)
			if (at.us > day->after.us)
				return true;
	return false;
}

static enum err load_night(struct tx *tx, int64_t venue_id, const char *sport,
	int64_t account_id, struct day *today)
{
	struct day *night = NEW(tx->mem, struct day);
	date on = {today->head.date.days - 1};
	enum err err = load_sport(tx, venue_id, on, sport, account_id, night);

	if (err != E_OK) /* a moment later it may be over */
		return err == E_SPORT_NOT_FOUND || err == E_DATE_OUTSIDE_WINDOW ? E_OK : err;
	night->after = today->head.now;
	today->last_night = has_slots(night) ? night : NULL;
	return E_OK;
}

enum err day_load_sport(struct tx *tx, int64_t venue_id, date on, const char *sport,
	int64_t account_id, struct day *day)
{
	TRY(load_sport(tx, venue_id, on, sport, account_id, day));
	return day->head.night ? load_night(tx, venue_id, sport, account_id, day) : E_OK;
}

void day_ask_courts(
	struct tx *tx, int64_t venue_id, date on, struct ints court_ids, struct day *day)
{
	ask_day(tx, venue_id, on, day);
	db_ask_all(tx, &day_courts_by_id, &court_shape, &day->courts, A(venue_id), A(court_ids),
		A(on));
}

enum err day_run_on(struct tx *tx, struct ints court_ids, stamp until, struct day *day)
{
	const struct opening *last = day->openings.at;
	struct day *next = NEW(tx->mem, struct day);

	for (size_t i = 0; i < day->openings.count; i++)
		if (until.us <= last[i].closes_at.us)
			return E_OK;
	day_ask_courts(
		tx, day->head.venue_id, (date){day->head.date.days + 1}, court_ids, next);
	TRY(db_sync(tx));
	day->next = next;
	return next->head.frame == day->head.frame ? E_OK : E_RETRY;
}
