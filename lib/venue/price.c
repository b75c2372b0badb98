#include "venue/price.h"

#include <string.h>

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
const struct shape price_rule_shape = SHAPE(struct price_rule, rule_fields);

bool price_rule_matches(const struct price_rule *r, const struct price_step *step)
{
	if (r->sport_id && r->sport_id != step->sport_id)
		return false;
	if (r->court_id && r->court_id != step->court_id)
		return false;
	if (r->day_kind && (!step->day_kind || strcmp(r->day_kind, step->day_kind) != 0))
		return false;
	if (r->weekdays && !(r->weekdays >> (step->weekday - 1) & 1))
		return false;
	return step->minute >= r->opens && step->minute < r->closes;
}

int64_t price_rule_compare(
	const struct price_rule *a, const struct price_rule *b, enum price_rank *by)
{
	const int64_t ranks[RANKS] = {
		[RANK_DATED] = (a->from_day.days != 0) - (b->from_day.days != 0),
		[RANK_DAY_KIND] = (a->day_kind != NULL) - (b->day_kind != NULL),
		[RANK_COURT] = (a->court_id != 0) - (b->court_id != 0),
		[RANK_SPORT] = (a->sport_id != 0) - (b->sport_id != 0),
		[RANK_WEEKDAY] = (a->weekdays != 0) - (b->weekdays != 0),
		[RANK_HOURS] = (b->closes - b->opens) - (a->closes - a->opens),
		[RANK_POSITION] = a->position - b->position,
		[RANK_ID] = a->id - b->id,
	};

	for (int i = 0; i < RANKS; i++)
		if (ranks[i] != 0) {
			*by = (enum price_rank)i;
			return ranks[i];
		}
	*by = RANK_ID;
	return 0;
}

const struct price_rule *price_rule_for(
	const struct price_rule *rules, size_t count, const struct price_step *step)
{
	const struct price_rule *best = NULL;
	enum price_rank by;

	for (size_t i = 0; i < count; i++)
		if (price_rule_matches(&rules[i], step) &&
			(!best || price_rule_compare(&rules[i], best, &by) > 0))
			best = &rules[i];
	return best;
}
