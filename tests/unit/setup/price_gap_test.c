/* Whether an open half hour has no price, and which one. */
#include "test.h"

#include "base/err.h"
#include "base/time.h"
#include "setup/price_gap.h"

#include <string.h>

enum { MONDAY = 1, WEEKEND = 96, CHRISTMAS = 20812 /* 2026-12-25, a Friday */ };

/* clang-format off */
static struct coverage_court two_courts[] = {
	{ 5, 1, "一号场", "羽毛球" }, { 6, 2, "全场", "篮球" } };
static struct coverage_court next_court[] = { { 7, 1, "7", "羽毛球" } };
static struct coverage_hours monday[] = { { { 0 }, 1, 480, 1320, NULL, NULL } };
static struct coverage_hours late_saturday[] = { { { 0 }, 6, 1080, 1530, NULL, NULL } };
static struct coverage_hours two_openings[] = {
	{ { 0 }, 1, 480, 600, NULL, NULL }, { { 0 }, 1, 900, 1020, NULL, NULL } };
static struct coverage_hours christmas[] = { { { CHRISTMAS }, 5, 480, 600, NULL, NULL } };
static struct coverage_hours feast[] = { { { CHRISTMAS }, 5, 480, 600, "holiday", "节" } };
static struct coverage_hours worked_sunday[] = {
	{ { CHRISTMAS + 2 }, 1, 480, 600, "makeup", "调休" } };

#define L(a) { (a), COUNT_OF(a) }
#define RULES(...) (struct price_rule[]){ __VA_ARGS__, { 0 } }
static const struct {
	const char *says;
	struct list courts, hours;
	struct price_rule *rules; /* up to one whose end is 0 */
	int64_t court, from, to;        /* from -1: no gap */
} cases[] = {
	{ "a price for all covers all", L(two_courts), L(monday),
	  RULES({ .closes = 1800 }), 0, -1, 0 },
	{ "no price at all", L(two_courts), L(monday), RULES({ 0 }), 5, 480, 1320 },
	{ "a price that begins later", L(two_courts), L(monday),
	  RULES({ .opens = 510, .closes = 1800 }), 5, 480, 510 },
	{ "a price that ends earlier", L(two_courts), L(monday),
	  RULES({ .closes = 1290 }), 5, 1290, 1320 },
	{ "a gap between two prices", L(two_courts), L(monday),
	  RULES({ .closes = 720 }, { .opens = 780, .closes = 1800 }), 5, 720, 780 },
	{ "the first of two gaps", L(two_courts), L(monday),
	  RULES({ .closes = 720 }, { .opens = 780, .closes = 900 },
	  { .opens = 960, .closes = 1800 }), 5, 720, 780 },
	{ "two prices side by side", L(two_courts), L(monday),
	  RULES({ .closes = 720 }, { .opens = 720, .closes = 1800 }), 0, -1, 0 },
	{ "past midnight", L(two_courts), L(late_saturday),
	  RULES({ .closes = 1440 }), 5, 1440, 1530 },
	{ "the morning's price is not the night's", L(two_courts), L(late_saturday),
	  RULES({ .closes = 1500 }, { .opens = 0, .closes = 360 }), 5, 1500, 1530 },
	{ "closed hours need none", L(two_courts), L(two_openings),
	  RULES({ .opens = 480, .closes = 600 }, { .opens = 900, .closes = 1020 }), 0, -1, 0 },
	{ "the second opening of a day", L(two_courts), L(two_openings),
	  RULES({ .opens = 480, .closes = 990 }), 5, 990, 1020 },
	{ "one sport has a price", L(two_courts), L(monday),
	  RULES({ .sport_id = 1, .closes = 1800 }), 6, 480, 1320 },
	{ "one court has a price", L(two_courts), L(monday),
	  RULES({ .court_id = 6, .closes = 1800 }), 5, 480, 1320 },
	{ "each in its own way", L(two_courts), L(monday),
	  RULES({ .court_id = 6, .closes = 1800 }, { .sport_id = 1, .closes = 1800 }), 0, -1, 0 },
	{ "another sport's price", L(next_court), L(monday),
	  RULES({ .sport_id = 2, .closes = 1800 }), 7, 480, 1320 },
	{ "a court's price is not the next court's", L(next_court), L(monday),
	  RULES({ .court_id = 5, .closes = 1800 }), 7, 480, 1320 },
	{ "Monday's price on Monday", L(two_courts), L(monday),
	  RULES({ .weekdays = MONDAY, .closes = 1800 }), 0, -1, 0 },
	{ "the weekend's price on Monday", L(two_courts), L(monday),
	  RULES({ .weekdays = WEEKEND, .closes = 1800 }), 5, 480, 1320 },
	{ "a holiday's price on an ordinary Monday", L(two_courts), L(monday),
	  RULES({ .day_kind = "holiday", .closes = 1800 }), 5, 480, 1320 },
	{ "a dated price is not the week's", L(two_courts), L(monday),
	  RULES({ .from_day = { 20000 }, .to_day = { 30000 }, .closes = 1800 }), 5, 480, 1320 },
	{ "the price for the date of an exception", L(two_courts), L(christmas),
	  RULES({ .from_day = { CHRISTMAS }, .to_day = { CHRISTMAS }, .closes = 1800 }),
	  0, -1, 0 },
	{ "the price until the day before", L(two_courts), L(christmas),
	  RULES({ .from_day = { 20000 }, .to_day = { CHRISTMAS - 1 }, .closes = 1800 }),
	  5, 480, 600 },
	{ "the price from the day after", L(two_courts), L(christmas),
	  RULES({ .from_day = { CHRISTMAS + 1 }, .to_day = { 30000 }, .closes = 1800 }),
	  5, 480, 600 },
	{ "a holiday's price on an exception that is one", L(two_courts), L(feast),
	  RULES({ .day_kind = "holiday", .closes = 1800 }), 0, -1, 0 },
	{ "a holiday's price on an exception that is none", L(two_courts), L(christmas),
	  RULES({ .day_kind = "holiday", .closes = 1800 }), 5, 480, 600 },
	{ "the weekend's price on a Sunday worked as a Monday", L(two_courts),
	  L(worked_sunday), RULES({ .weekdays = WEEKEND, .closes = 1800 }), 5, 480, 600 },
	{ "Monday's price on that Sunday", L(two_courts), L(worked_sunday),
	  RULES({ .weekdays = MONDAY, .closes = 1800 }), 0, -1, 0 },
	{ "never open", L(two_courts), { NULL, 0 }, RULES({ 0 }), 0, -1, 0 },
	{ "no court, no sport", { NULL, 0 }, L(monday), RULES({ 0 }), 0, -1, 0 },
};
/* clang-format on */

static void gaps_are_found_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct coverage coverage = {cases[i].courts, cases[i].hours, {0}};
		struct price_gap gap;

		coverage.rules.at = cases[i].rules;
		while (cases[i].rules[coverage.rules.count].closes)
			coverage.rules.count++;
		bool found = price_gap_find(&coverage, &gap);
		if (found != (cases[i].from >= 0))
			fail_msg("%s: %s", cases[i].says, found ? "a gap" : "no gap");
		if (found && (gap.court->id != cases[i].court || gap.from != cases[i].from ||
				     gap.to != cases[i].to))
			fail_msg("%s: court %d, %d to %d", cases[i].says, (int)gap.court->id,
				(int)gap.from, (int)gap.to);
	}
}

/* The same by going through every date, court and half hour, as a sale would. */
enum { DAYS = 60, DATED_DAYS = 40, FIRST_DAY = 20780, COURTS = 3, RULES_MOST = 6 };

struct world {
	struct coverage_court courts[COURTS];
	struct price_rule rules[RULES_MOST];
	struct coverage_hours week[7], days[DAYS]; /* of days: closes 0 is no exception */
	const char *kind[DAYS];
	int64_t weekday[DAYS];
	size_t rule_count;
};

static uint64_t dice_state = 88172645463325252ULL;
static int64_t dice(int64_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (int64_t)(dice_state % (uint64_t)sides);
}

static struct price_rule some_rule(void)
{
	static const char *const kinds[] = {NULL, NULL, NULL, "holiday", "makeup"};
	int64_t opens = dice(3) * 60, from = FIRST_DAY + dice(DATED_DAYS);
	struct price_rule r = {.sport_id = dice(2) * dice(3),
		.court_id = dice(3) == 0 ? 1 + dice(COURTS) : 0,
		.weekdays = dice(3) == 0 ? 1 + dice(127) : 0,
		.opens = opens,
		.closes = opens + 60 + dice(4) * 60,
		.day_kind = kinds[dice(5)]};

	if (dice(3) == 0) {
		r.from_day.days = (int32_t)from;
		r.to_day.days = (int32_t)(from + dice(FIRST_DAY + DATED_DAYS - from));
	}
	return r;
}

static struct coverage_hours some_hours(void)
{
	int64_t opens = dice(3) * 30;

	return (struct coverage_hours){.opens = opens, .closes = opens + dice(5) * 30};
}

static void make_day(struct world *w, int i)
{
	date day = {FIRST_DAY + i};
	bool special = i < DATED_DAYS && dice(3) == 0;

	w->weekday[i] = date_weekday(day);
	w->kind[i] = !special ? NULL : dice(2) ? "holiday" : "makeup";
	if (w->kind[i] && *w->kind[i] == 'm')
		w->weekday[i] = 1 + dice(5);
	w->days[i] = i < DATED_DAYS && dice(4) == 0 ? some_hours() : (struct coverage_hours){0};
	w->days[i].day = day;
	w->days[i].weekday = w->weekday[i];
	w->days[i].day_kind = w->kind[i];
}

static void make_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	for (int i = 0; i < COURTS; i++)
		w->courts[i] = (struct coverage_court){i + 1, 1 + i % 2, "场", "运动"};
	for (int i = 0; i < 7; i++) {
		w->week[i] = some_hours();
		w->week[i].weekday = i + 1;
	}
	for (int i = 0; i < DAYS; i++)
		make_day(w, i);
	w->rule_count = (size_t)dice(RULES_MOST + 1);
	for (size_t i = 0; i < w->rule_count; i++)
		w->rules[i] = some_rule();
	if (w->rule_count && dice(2)) /* many have a price for everything, or nearly */
		w->rules[0] = (struct price_rule){.opens = dice(8) ? 0 : 30, .closes = 1800};
}

static bool sold_without_price(const struct world *w, int i, const struct coverage_court *court)
{
	const struct coverage_hours *h =
		w->days[i].closes ? &w->days[i] : &w->week[w->weekday[i] - 1];
	struct price_rule today[RULES_MOST];
	size_t n = 0;

	for (size_t k = 0; k < w->rule_count; k++)
		if (w->rules[k].from_day.days == 0 ||
			(w->rules[k].from_day.days <= FIRST_DAY + i &&
				w->rules[k].to_day.days >= FIRST_DAY + i))
			today[n++] = w->rules[k];
	for (int64_t minute = h->opens; minute < h->closes; minute += 30)
		if (!price_rule_for(today, n,
			    &(struct price_step){court->sport_id, court->id, w->kind[i],
				    (int)w->weekday[i], minute}))
			return true;
	return false;
}

static bool any_sold_without_price(const struct world *w)
{
	for (int i = 0; i < DAYS; i++)
		for (int c = 0; c < COURTS; c++)
			if (sold_without_price(w, i, &w->courts[c]))
				return true;
	return false;
}

/* The week, and the exceptions that are open: as the database hands them over. */
static bool rule_finds_gap(struct world *w)
{
	struct coverage_hours hours[7 + DAYS];
	size_t n = 0;
	struct price_gap gap;

	for (int i = 0; i < 7; i++)
		hours[n++] = w->week[i];
	for (int i = 0; i < DAYS; i++)
		if (w->days[i].closes)
			hours[n++] = w->days[i];
	return price_gap_find(
		&(struct coverage){{w->courts, COURTS}, {hours, n}, {w->rules, w->rule_count}},
		&gap);
}

static void a_gap_is_found_exactly_if_a_sale_would_meet_it(void **state)
{
	int with = 0, without = 0;
	struct world w;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		make_world(&w);
		bool met = any_sold_without_price(&w);
		if (rule_finds_gap(&w) != met)
			fail_msg("world %d: a sale meets %s", i, met ? "a gap" : "none");
		with += met;
		without += !met;
	}
	assert_true(with > 300 && without > 300); /* both kinds were looked at */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_found_by_the_table),
		cmocka_unit_test(a_gap_is_found_exactly_if_a_sale_would_meet_it),
	};

	return RUN_TESTS(tests);
}
