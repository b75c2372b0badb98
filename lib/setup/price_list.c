#include "setup/price_list.h"

#include "base/buf.h"
#include "setup/coverage.h"
#include "venue/clock.h"
#include "venue/day_kind.h"

struct weekday {
	int64_t number;
};
static const struct field weekday_fields[] = {
	FIELD_AS(struct weekday, number, NULL, .min = 1, .max = 7),
};
static const struct shape weekday_shape = SHAPE(struct weekday, weekday_fields);

static const struct field line_in_fields[] = {
	FIELD(struct price_line_in, sport_id, .optional = true, .min = 1, .max = ID_MAX),
	FIELD(struct price_line_in, court_id, .optional = true, .min = 1, .max = ID_MAX),
	FIELD(struct price_line_in, day_kind, .optional = true, .one_of = DAY_KINDS),
	FIELD(struct price_line_in, weekdays, .optional = true, .min = 1, .max = 7,
		.of = &weekday_shape),
	FIELD(struct price_line_in, from_day, .optional = true),
	FIELD(struct price_line_in, to_day, .optional = true),
	FIELD(struct price_line_in, opens, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
	FIELD(struct price_line_in, closes, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
	FIELD(struct price_line_in, hour_fen, .min = 0, .max = HOUR_FEN_MAX),
};
static const struct shape line_in_shape = SHAPE(struct price_line_in, line_in_fields);
static const struct field list_in_fields[] = {
	FIELD(struct price_list_in, rules, .min = 0, .max = RULES_MAX, .of = &line_in_shape),
};
const struct shape price_list_in_shape = SHAPE(struct price_list_in, list_in_fields);

static const struct field line_fields[] = {
	FIELD(struct price_line, line, .hidden = true),
	FIELD(struct price_line, sport_id, .optional = true),
	FIELD(struct price_line, court_id, .optional = true),
	FIELD(struct price_line, day_kind, .optional = true),
	FIELD(struct price_line, weekdays, .optional = true),
	FIELD(struct price_line, from_day, .optional = true),
	FIELD(struct price_line, to_day, .optional = true),
	FIELD(struct price_line, opens),
	FIELD(struct price_line, closes),
	FIELD(struct price_line, hour_fen),
};
const struct shape price_line_shape = SHAPE(struct price_line, line_fields);
static const struct field list_fields[] = {
	FIELD(struct price_list, rules, .of = &price_line_shape),
};
const struct shape price_list_shape = SHAPE(struct price_list, list_fields);

SQL(prices_version, "SELECT prices_version FROM venue WHERE id = $1");
SQL(prices_of_venue, "SELECT " PRICE_LINE_COLUMNS " FROM " PRICE_LINES " ORDER BY p.line");

enum err price_list_load(struct tx *tx, int64_t venue_id, struct price_list *out)
{
	db_ask_value(tx, &prices_version, &out->version, E_NOT_FOUND, A(venue_id));
	db_ask_all(tx, &prices_of_venue, &price_line_shape, &out->rules, A(venue_id));
	return db_sync(tx);
}

/* The courts and sports that a line may name. */
struct known {
	int64_t id, sport_id; /* sport_id 0: a sport */
};
static const struct field known_fields[] = {
	FIELD(struct known, id),
	FIELD(struct known, sport_id, .optional = true),
};
static const struct shape known_shape = SHAPE(struct known, known_fields);
SQL(prices_known,
	"SELECT id, sport_id FROM court WHERE venue_id = $1"
	" UNION ALL SELECT sport_id, NULL FROM venue_sport WHERE venue_id = $1");

static const struct known *find_known(const struct list *all, int64_t id, bool court)
{
	const struct known *k = all->at;

	for (size_t i = 0; i < all->count; i++)
		if (k[i].id == id && (k[i].sport_id != 0) == court)
			return &k[i];
	return NULL;
}

static enum err check_names(
	const struct price_line_in *in, const struct list *known, const char **bad)
{
	*bad = "sport_id";
	if (in->sport_id && !find_known(known, in->sport_id, false))
		return E_SPORT_NOT_FOUND;
	if (!in->court_id)
		return E_OK;
	const struct known *court = find_known(known, in->court_id, true);
	if (court && in->sport_id && court->sport_id != in->sport_id)
		return E_BAD_FIELD; /* it would never match */
	*bad = "court_id";
	return court ? E_OK : E_COURT_NOT_FOUND;
}

static enum err read_line(
	const struct price_line_in *in, struct price_rule *out, const char **bad)
{
	const struct weekday *d = in->weekdays.at;

	*out = (struct price_rule){.sport_id = in->sport_id,
		.court_id = in->court_id,
		.day_kind = in->day_kind,
		.from_day = in->from_day,
		.to_day = in->to_day,
		.hour_fen = in->hour_fen};
	for (size_t i = 0; i < in->weekdays.count; i++)
		out->weekdays |= 1LL << (d[i].number - 1);
	*bad = "opens";
	if (!clock_parse(in->opens, &out->opens))
		return E_BAD_FIELD;
	*bad = "closes";
	if (!clock_parse(in->closes, &out->closes) || out->closes <= out->opens)
		return E_BAD_FIELD;
	*bad = "to_day";
	if ((in->from_day.days == 0) != (in->to_day.days == 0) ||
		in->to_day.days < in->from_day.days)
		return E_BAD_FIELD;
	*bad = "hour_fen"; /* a half hour has to be whole fen */
	return in->hour_fen.fen % 2 == 0 ? E_OK : E_BAD_FIELD;
}

/* *text: the lines as they are stored, in JSON. If one is refused, *field is its member. */
static enum err read_lines(struct tx *tx, const struct price_list_in *in,
	const struct list *known, const char **text, const char **field)
{
	const struct price_line_in *lines = in->rules.at;
	size_t n = in->rules.count;
	struct price_rule *rules = NEW_N(tx->mem, struct price_rule, n);
	struct list list = {rules, n};
	struct buf b = buf_in(tx->mem, 1 << 20);

	for (size_t i = 0; i < n; i++) {
		const char *bad;
		enum err err = read_line(&lines[i], &rules[i], &bad);

		if (err == E_OK)
			err = check_names(&lines[i], known, &bad);
		if (err != E_OK) {
			*field = arena_printf(tx->mem, "rules[%zu].%s", i, bad);
			return err;
		}
	}
	json_list(&b, NULL, &price_rule_shape, &list);
	*text = buf_text(&b);
	return E_OK;
}

SQL(prices_touch,
	"UPDATE venue SET prices_version = prices_version + 1"
	" WHERE id = $1 AND " VERSION_IS("prices_version", "$2"));

#define WANTED_LINES                                                                         \
	"WITH wanted AS (SELECT * FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS"          \
	"  (sport_id bigint, court_id bigint, weekdays bigint, opens bigint, closes bigint," \
	"   day_kind text, from_day date, to_day date, hour_fen bigint)) WITH ORDINALITY"    \
	"  AS t(sport_id, court_id, weekdays, opens, closes, day_kind, from_day, to_day,"    \
	"   hour_fen, line)),"                                                               \
	" have AS (SELECT p.id, p.line FROM " PRICE_LINES ")"

/* Line by line, and only what differs, so that the audit log stays readable. */
SQL(prices_change, WANTED_LINES
	" UPDATE price_rule p SET sport_id = w.sport_id, court_id = w.court_id,"
	" weekdays = w.weekdays, opens = w.opens, closes = w.closes,"
	" day_kind = w.day_kind, from_day = w.from_day, to_day = w.to_day,"
	" hour_fen = w.hour_fen, position = w.line"
	" FROM wanted w JOIN have h USING (line) WHERE p.id = h.id"
	" AND (p.sport_id, p.court_id, p.weekdays, p.opens, p.closes, p.day_kind,"
	"  p.from_day, p.to_day, p.hour_fen, p.position) IS DISTINCT FROM"
	" (w.sport_id, w.court_id, w.weekdays, w.opens, w.closes, w.day_kind,"
	"  w.from_day, w.to_day, w.hour_fen, w.line)");
SQL(prices_drop, WANTED_LINES
	" DELETE FROM price_rule p USING have h WHERE h.id = p.id"
	" AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.line = h.line)");
SQL(prices_put, WANTED_LINES
	" INSERT INTO price_rule (id, venue_id, sport_id, court_id, weekdays, opens,"
	" closes, day_kind, from_day, to_day, hour_fen, position)"
	" SELECT $3 + w.line, $1, w.sport_id, w.court_id, w.weekdays, w.opens,"
	" w.closes, w.day_kind, w.from_day, w.to_day, w.hour_fen, w.line"
	" FROM wanted w WHERE NOT EXISTS (SELECT 1 FROM have h WHERE h.line = w.line)");

enum err price_list_save(struct tx *tx, int64_t venue_id, int64_t version,
	const struct price_list_in *in, struct price_list *out, struct refusal *why)
{
	const char *lines;
	struct list known;
	int64_t id;

	TRY(ids_take(tx, in->rules.count + 1, &id));
	venue_lock(tx, venue_id);
	db_queue_version(tx, &prices_touch, A(venue_id), A(version));
	db_ask_all(tx, &prices_known, &known_shape, &known, A(venue_id));
	TRY(db_sync(tx));
	TRY(read_lines(tx, in, &known, &lines, &why->field));
	db_queue(tx, &prices_change, A(venue_id), A(lines));
	db_queue(tx, &prices_drop, A(venue_id), A(lines));
	db_queue(tx, &prices_put, A(venue_id), A(lines), A(id));
	TRY(coverage_check(tx, venue_id, "rules", why));
	return price_list_load(tx, venue_id, out);
}
