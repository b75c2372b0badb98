#include "setup/hole.h"

#include "venue/day.h"

static bool counts_on(const struct price_rule *rule, date day)
{
	if (rule->from_day.days == 0)
		return true;
	return day.days != 0 && day.days >= rule->from_day.days &&
	       day.days <= rule->to_day.days;
}

static bool is_priced(const struct hole_frame *frame, const struct hole_court *court,
	const struct hole_hours *hours, int64_t minute)
{
	const struct price_rule *rules = frame->rules.at;
	const struct price_step step = {
		court->sport_id, court->id, hours->day_kind, (int)hours->weekday, minute};

	for (size_t i = 0; i < frame->rules.count; i++)
		if (counts_on(&rules[i], hours->day) && price_rule_for(&rules[i], 1, &step))
			return true;
	return false;
}

static bool find_in(const struct hole_frame *frame, const struct hole_court *court,
	const struct hole_hours *hours, struct hole *out)
{
	int64_t from = hours->opens, to;

	while (from < hours->closes && is_priced(frame, court, hours, from))
		from += STEP_MINUTES;
	if (from >= hours->closes)
		return false;
	to = from;
	while (to < hours->closes && !is_priced(frame, court, hours, to))
		to += STEP_MINUTES;
	*out = (struct hole){court, hours, from, to};
	return true;
}

bool hole_find(const struct hole_frame *frame, struct hole *out)
{
	const struct hole_court *courts = frame->courts.at;
	const struct hole_hours *hours = frame->hours.at;

	for (size_t c = 0; c < frame->courts.count; c++)
		for (size_t h = 0; h < frame->hours.count; h++)
			if (find_in(frame, &courts[c], &hours[h], out))
				return true;
	return false;
}
