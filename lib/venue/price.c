#include "venue/price.h"

#include <string.h>

static bool matches(const struct price_rule *r, const struct price_ask *ask)
{
	if (r->sport_id && r->sport_id != ask->sport_id)
		return false;
	if (r->court_id && r->court_id != ask->court_id)
		return false;
	if (r->day_kind && (!ask->day_kind || strcmp(r->day_kind, ask->day_kind) != 0))
		return false;
	if (r->weekdays && !(r->weekdays >> (ask->weekday - 1) & 1))
		return false;
	return ask->minute >= r->opens && ask->minute < r->closes;
}

/* Positive if a is the more specific. */
static int64_t compare(const struct price_rule *a, const struct price_rule *b)
{
	const int64_t ranks[] = {
		(a->from_day.days != 0) - (b->from_day.days != 0),
		(a->day_kind != NULL) - (b->day_kind != NULL),
		(a->court_id != 0) - (b->court_id != 0),
		(a->sport_id != 0) - (b->sport_id != 0),
		(a->weekdays != 0) - (b->weekdays != 0),
		(b->closes - b->opens) - (a->closes - a->opens),
		a->id - b->id,
	};

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (ranks[i] != 0)
			return ranks[i];
	return 0;
}

const struct price_rule *price_rule_for(
	const struct price_rule *rules, size_t count, const struct price_ask *ask)
{
	const struct price_rule *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (matches(&rules[i], ask) && (!best || compare(&rules[i], best) > 0))
			best = &rules[i];
	return best;
}
