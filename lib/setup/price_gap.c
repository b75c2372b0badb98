#include "setup/price_gap.h"

#include "venue/day.h"

static bool counts_on(const struct price_rule *rule, date day)
{
	if (rule->from_day.days == 0)
		return true;
	return day.days != 0 && day.days >= rule->from_day.days &&
	       day.days <= rule->to_day.days;
}

static bool is_priced(const struct coverage *coverage, const struct coverage_court *court,
	const struct coverage_hours *hours, int64_t minute)
{
	const struct price_rule *rules = coverage->rules.at;
	const struct price_step step = {
		court->sport_id, court->id, hours->day_kind, (int)hours->weekday, minute};

	for (size_t i = 0; i < coverage->rules.count; i++)
		if (counts_on(&rules[i], hours->day) && price_rule_for(&rules[i], 1, &step))
			return true;
	return false;
}

static bool find_in(const struct coverage *coverage, const struct coverage_court *court,
	const struct coverage_hours *hours, struct price_gap *out)
{
	int64_t from = hours->opens, to;

	while (from < hours->closes && is_priced(coverage, court, hours, from))
		from += STEP_MINUTES;
	if (from >= hours->closes)
		return false;
	to = from;
	while (to < hours->closes && !is_priced(coverage, court, hours, to))
		to += STEP_MINUTES;
	*out = (struct price_gap){court, hours, from, to};
	return true;
}

bool price_gap_find(const struct coverage *coverage, struct price_gap *out)
{
	const struct coverage_court *courts = coverage->courts.at;
	const struct coverage_hours *hours = coverage->hours.at;

	for (size_t c = 0; c < coverage->courts.count; c++)
		for (size_t h = 0; h < coverage->hours.count; h++)
			if (find_in(coverage, &courts[c], &hours[h], out))
				return true;
	return false;
}
