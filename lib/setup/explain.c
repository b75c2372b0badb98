#include "setup/explain.h"

#include "setup/price_list.h"
#include "venue/clock.h"
#include "venue/day.h"
#include "venue/day_kind.h"
#include "venue/venue.h"

#include <stdlib.h>

#define CANDIDATE                                                                              \
	FIELD_AS(struct price_candidate, rule.position, "line"),                               \
		FIELD_AS(struct price_candidate, rule.sport_id, "sport_id", .optional = true), \
		FIELD_AS(struct price_candidate, rule.court_id, "court_id", .optional = true), \
		FIELD_AS(struct price_candidate, rule.day_kind, "day_kind", .optional = true), \
		FIELD(struct price_candidate, weekdays, .optional = true),                     \
		FIELD_AS(struct price_candidate, rule.from_day, "from_day", .optional = true), \
		FIELD_AS(struct price_candidate, rule.to_day, "to_day", .optional = true),     \
		FIELD(struct price_candidate, opens), FIELD(struct price_candidate, closes),   \
		FIELD_AS(struct price_candidate, rule.hour_fen, "hour_fen"),                   \
		FIELD_AS(struct price_candidate, rule.weekdays, "mask", .optional = true,      \
			.hidden = true),                                                       \
		FIELD_AS(struct price_candidate, rule.opens, "from_minute", .hidden = true),   \
		FIELD_AS(struct price_candidate, rule.closes, "to_minute", .hidden = true)
static const struct field row_fields[] = {CANDIDATE};
static const struct shape row_shape = SHAPE(struct price_candidate, row_fields);
static const struct field candidate_fields[] = {
	CANDIDATE,
	FIELD(struct price_candidate, wins),
	FIELD(struct price_candidate, lost_by, .optional = true),
};
static const struct shape candidate_shape = SHAPE(struct price_candidate, candidate_fields);

#define EXPLANATION_OF_DAY                                                                     \
	FIELD(struct price_explanation, court_id), FIELD(struct price_explanation, court),     \
		FIELD(struct price_explanation, sport_id),                                     \
		FIELD(struct price_explanation, sport), FIELD(struct price_explanation, date), \
		FIELD(struct price_explanation, date_weekday),                                 \
		FIELD(struct price_explanation, weekday),                                      \
		FIELD(struct price_explanation, day_kind, .optional = true),                   \
		FIELD(struct price_explanation, day_name, .optional = true),                   \
		FIELD(struct price_explanation, open)
static const struct field day_fields[] = {EXPLANATION_OF_DAY};
static const struct shape day_shape = SHAPE(struct price_explanation, day_fields);
static const struct field explanation_fields[] = {
	EXPLANATION_OF_DAY,
	FIELD(struct price_explanation, time),
	FIELD(struct price_explanation, priced),
	FIELD(struct price_explanation, price_fen, .optional = true),
	FIELD(struct price_explanation, rules, .of = &candidate_shape),
};
const struct shape price_explanation_shape =
	SHAPE(struct price_explanation, explanation_fields);

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
	"SELECT " PRICE_LINE_COLUMNS
	", p.weekdays AS mask, p.opens AS from_minute, p.closes AS to_minute"
	" FROM " PRICE_LINES
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
	const struct price_candidate *x = a, *y = b;
	enum price_rank by;
	int64_t more = price_rule_compare(&x->rule, &y->rule, &by);

	return more > 0 ? -1 : more < 0;
}

/* Keep the lines that match, the winner first, and say what each other one lost by. */
static void rank(struct list *rules, const struct price_step *step)
{
	struct price_candidate *c = rules->at;
	size_t n = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (price_rule_matches(&c[i].rule, step))
			c[n++] = c[i];
	rules->count = n;
	if (n == 0)
		return;
	qsort(c, n, sizeof(*c), more_specific_first);
	c[0].wins = true;
	for (size_t i = 1; i < n; i++) {
		enum price_rank by;

		price_rule_compare(&c[0].rule, &c[i].rule, &by);
		c[i].lost_by = rank_words[by];
	}
}

enum err price_explanation_load(struct tx *tx, int64_t venue_id, const struct price_question *q,
	struct price_explanation *out, struct refusal *why)
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
	rank(&rules, &(struct price_step){out->sport_id, out->court_id, out->day_kind,
			     (int)out->weekday, minute});
	out->time = q->time;
	out->day_kind = day_kind_text(out->day_kind);
	out->rules = rules;
	out->priced = rules.count > 0;
	if (out->priced)
		out->price_fen.fen =
			((const struct price_candidate *)rules.at)->rule.hour_fen.fen *
			STEP_MINUTES / 60;
	return E_OK;
}
