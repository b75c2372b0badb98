#include "setup/price_list.h"
#include "venue/clock.h"
#include "venue/day.h"
#include "venue/venue.h"

#include <stdlib.h>

#define WORD_LINE                                                                         \
	FIELD_AS(struct price_word, rule.position, "line"),                               \
		FIELD_AS(struct price_word, rule.sport_id, "sport_id", .optional = true), \
		FIELD_AS(struct price_word, rule.court_id, "court_id", .optional = true), \
		FIELD_AS(struct price_word, rule.day_kind, "day_kind", .optional = true), \
		FIELD(struct price_word, weekdays, .optional = true),                     \
		FIELD_AS(struct price_word, rule.from_day, "from_day", .optional = true), \
		FIELD_AS(struct price_word, rule.to_day, "to_day", .optional = true),     \
		FIELD(struct price_word, opens), FIELD(struct price_word, closes),        \
		FIELD_AS(struct price_word, rule.hour_fen, "hour_fen"),                   \
		FIELD_AS(struct price_word, rule.weekdays, "mask", .optional = true,      \
			.hidden = true),                                                  \
		FIELD_AS(struct price_word, rule.opens, "from_minute", .hidden = true),   \
		FIELD_AS(struct price_word, rule.closes, "to_minute", .hidden = true)
static const struct field row_fields[] = {WORD_LINE};
static const struct shape row_shape = SHAPE(struct price_word, row_fields);
static const struct field word_fields[] = {
	WORD_LINE,
	FIELD(struct price_word, wins),
	FIELD(struct price_word, lost_by, .optional = true),
};
static const struct shape word_shape = SHAPE(struct price_word, word_fields);

#define WHY_DAY                                                                       \
	FIELD(struct price_why, court_id), FIELD(struct price_why, court),            \
		FIELD(struct price_why, sport_id), FIELD(struct price_why, sport),    \
		FIELD(struct price_why, date), FIELD(struct price_why, date_weekday), \
		FIELD(struct price_why, weekday),                                     \
		FIELD(struct price_why, day_kind, .optional = true),                  \
		FIELD(struct price_why, day_name, .optional = true),                  \
		FIELD(struct price_why, open)
static const struct field day_fields[] = {WHY_DAY};
static const struct shape day_shape = SHAPE(struct price_why, day_fields);
static const struct field why_fields[] = {
	WHY_DAY,
	FIELD(struct price_why, time),
	FIELD(struct price_why, priced),
	FIELD(struct price_why, price_fen, .optional = true),
	FIELD(struct price_why, rules, .of = &word_shape),
};
const struct shape price_why_shape = SHAPE(struct price_why, why_fields);

SQL(explain_day,
	"SELECT c.id AS court_id, c.name AS court, c.sport_id, s.name AS sport, $3::date AS date,"
	" extract(isodow FROM $3::date)::bigint AS date_weekday,"
	" coalesce(d.as_weekday, extract(isodow FROM $3::date)::bigint) AS weekday,"
	" d.kind AS day_kind, d.name AS day_name,"
	" EXISTS (SELECT 1 FROM (" HOURS_IN_FORCE("$1", "$3::date")
	") h WHERE $4 >= h.opens AND $4 < h.closes) AS open"
	" FROM court c JOIN sport s ON s.id = c.sport_id LEFT JOIN calendar_day d ON d.day = $3"
	" WHERE c.venue_id = $1 AND c.id = $2");
SQL(explain_rules,
	"SELECT p.line, p.sport_id, p.court_id, p.day_kind, (SELECT jsonb_agg(d ORDER BY d)"
	"  FROM generate_series(1, 7) d WHERE p.weekdays >> d - 1 & 1 = 1) AS weekdays,"
	" p.from_day, p.to_day, clock_text(p.opens) AS opens, clock_text(p.closes) AS closes,"
	" p.hour_fen, p.weekdays AS mask, p.opens AS from_minute, p.closes AS to_minute"
	" FROM (SELECT row_number() OVER (ORDER BY position, id) AS line, *"
	"  FROM price_rule WHERE venue_id = $1) p"
	" WHERE p.from_day IS NULL OR $2 BETWEEN p.from_day AND p.to_day ORDER BY p.line");

static const char *const rank_words[RANKS] = {
	[RANK_DATED] = "dated",
	[RANK_DAY_KIND] = "day_kind",
	[RANK_COURT] = "court",
	[RANK_SPORT] = "sport",
	[RANK_WEEKDAY] = "weekday",
	[RANK_HOURS] = "hours",
	[RANK_POSITION] = "line",
	[RANK_ID] = "line",
};

static int more_specific_first(const void *a, const void *b)
{
	const struct price_word *x = a, *y = b;
	enum price_rank by;
	int64_t more = price_rule_compare(&x->rule, &y->rule, &by);

	return more > 0 ? -1 : more < 0;
}

/* Keep what matches, put it in order, say what each one lost by. */
static void judge(struct list *rules, const struct price_step *step)
{
	struct price_word *w = rules->at;
	size_t n = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (price_rule_matches(&w[i].rule, step))
			w[n++] = w[i];
	rules->count = n;
	if (n == 0)
		return;
	qsort(w, n, sizeof(*w), more_specific_first);
	w[0].wins = true;
	for (size_t i = 1; i < n; i++) {
		enum price_rank by;

		price_rule_compare(&w[0].rule, &w[i].rule, &by);
		w[i].lost_by = rank_words[by];
	}
}

enum err price_explain(struct tx *tx, int64_t venue_id, const struct price_question *q,
	struct price_why *out, struct refusal *why)
{
	int64_t minute;
	struct list rules;

	why->field = "time";
	if (!clock_parse(q->time, &minute) || minute == DAY_MINUTES_MAX)
		return E_BAD_FIELD;
	why->field = "court_id";
	db_ask_one(tx, &explain_day, &day_shape, out, E_NOT_FOUND, A(venue_id), A(q->court_id),
		A(q->date), A(minute));
	db_ask_all(tx, &explain_rules, &row_shape, &rules, A(venue_id), A(q->date));
	TRY(db_sync(tx));
	why->field = NULL;
	judge(&rules, &(struct price_step){out->sport_id, out->court_id, out->day_kind,
			      (int)out->weekday, minute});
	out->time = q->time;
	if (!out->day_kind)
		out->day_kind = "normal";
	out->rules = rules;
	out->priced = rules.count > 0;
	if (out->priced)
		out->price_fen.fen = ((const struct price_word *)rules.at)->rule.hour_fen.fen *
				     STEP_MINUTES / 60;
	return E_OK;
}
