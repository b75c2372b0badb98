#include "hours/check.h"

#include "venue/clock.h"
#include "venue/day.h"

enum { WEEK_MINUTES = 7 * DAY_MINUTES, OPENS_LAST = DAY_MINUTES - STEP_MINUTES };

struct span {
	int64_t weekday, opens, closes;
};

/* In minutes of the week. A span that passes its end is compared with its beginning, too. */
static bool spans_overlap(const struct span *a, const struct span *b, enum hours_of of)
{
	for (int64_t shift = -WEEK_MINUTES; shift <= WEEK_MINUTES; shift += WEEK_MINUTES) {
		int64_t a0 = a->weekday * DAY_MINUTES + a->opens + shift;
		int64_t a1 = a->weekday * DAY_MINUTES + a->closes + shift;
		int64_t b0 = b->weekday * DAY_MINUTES + b->opens;
		int64_t b1 = b->weekday * DAY_MINUTES + b->closes;

		if ((of == WEEK || shift == 0) && a0 < b1 && b0 < a1)
			return true;
	}
	return false;
}

static enum err read_span(struct arena *mem, const struct hours_line *line, size_t i,
	struct span *out, const char **field)
{
	const char *bad = NULL;

	out->weekday = line->weekday;
	if (!clock_parse(line->opens, &out->opens) || out->opens > OPENS_LAST)
		bad = "opens";
	else if (!clock_parse(line->closes, &out->closes) || out->closes <= out->opens)
		bad = "closes";
	if (!bad)
		return E_OK;
	*field = arena_printf(mem, "hours[%zu].%s", i, bad);
	return E_BAD_FIELD;
}

enum err hours_check(struct arena *mem, const struct list *lines, enum hours_of of,
	struct hours_columns *out, const char **field)
{
	const struct hours_line *line = lines->at;
	size_t n = lines->count;
	struct span *spans = NEW_N(mem, struct span, n);
	int64_t *weekday = NEW_N(mem, int64_t, n), *opens = NEW_N(mem, int64_t, n);
	int64_t *closes = NEW_N(mem, int64_t, n);

	for (size_t i = 0; i < n; i++) {
		TRY(read_span(mem, &line[i], i, &spans[i], field));
		for (size_t k = 0; k < i; k++)
			if (spans_overlap(&spans[k], &spans[i], of)) {
				*field = arena_printf(mem, "hours[%zu]", i);
				return E_HOURS_OVERLAP;
			}
		weekday[i] = spans[i].weekday;
		opens[i] = spans[i].opens;
		closes[i] = spans[i].closes;
	}
	*out = (struct hours_columns){{weekday, n}, {opens, n}, {closes, n}};
	return E_OK;
}

const struct date_hours *hours_find_overlap(const struct list *hours, bool weekly)
{
	const struct date_hours *h = hours->at;

	for (size_t i = 0; i + 1 < hours->count; i++) {
		const struct date_hours *first = &h[i], *next = &h[i + 1];

		if (first->venue_id == next->venue_id &&
			first->day.days + 1 == next->day.days &&
			first->closes > DAY_MINUTES + next->opens &&
			(!weekly || first->weekday || next->weekday))
			return first;
	}
	return NULL;
}
