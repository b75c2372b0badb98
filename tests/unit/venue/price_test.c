/* Which price rule decides. */
#include "test.h"

#include "base/err.h"
#include "venue/price.h"

#include <string.h>

enum { MONDAY = 1, SATURDAY = 32, SUNDAY = 64, WEEKEND = 96 };

/* What a rule can say more than its rival, the most specific first. */
enum level { DATED, KIND, COURT, SPORT, WEEKDAY, NARROW, LINE, NEWER, LEVELS };
static const char *const level_names[] = {
	"dated", "kind of day", "court", "sport", "weekday", "narrower", "later line", "newer"};

static const struct price_step holiday_noon = {
	.sport_id = 1, .court_id = 5, .day_kind = "holiday", .weekday = 6, .minute = 720};

static struct price_rule rule_saying(unsigned levels)
{
	struct price_rule r = {.id = 1, .closes = 1800};

	r.from_day.days = levels >> DATED & 1 ? 20000 : 0;
	r.day_kind = levels >> KIND & 1 ? "holiday" : NULL;
	r.court_id = levels >> COURT & 1 ? 5 : 0;
	r.sport_id = levels >> SPORT & 1 ? 1 : 0;
	r.weekdays = levels >> WEEKDAY & 1 ? SATURDAY : 0;
	r.opens = levels >> NARROW & 1 ? 30 : 0;
	r.position = levels >> LINE & 1;
	r.id += levels >> NEWER & 1;
	return r;
}

/* The winner of two, whichever comes first in the list. */
static int winner(const struct price_rule *a, const struct price_rule *b)
{
	struct price_rule ab[] = {*a, *b}, ba[] = {*b, *a};

	ptrdiff_t first = price_rule_for(ab, 2, &holiday_noon) - ab;
	ptrdiff_t second = price_rule_for(ba, 2, &holiday_noon) - ba;
	return first == 1 - second ? (int)first : -1;
}

/* A word that stands earlier outweighs all later ones together. */
static void each_level_beats_all_below_it_together(void **state)
{
	(void)state;
	for (int level = 0; level < LEVELS; level++) {
		struct price_rule one = rule_saying(1U << level);
		struct price_rule rest = rule_saying((1U << LEVELS) - (2U << level));

		if (winner(&one, &rest) != 0)
			fail_msg("%s does not win", level_names[level]);
	}
}

static void of_any_two_rules_the_one_with_the_higher_level_wins(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 1U << LEVELS; a++)
		for (unsigned b = 0; b < 1U << LEVELS; b++) {
			struct price_rule ra = rule_saying(a), rb = rule_saying(b);
			unsigned differ = a ^ b;

			if (differ == 0)
				continue;
			bool want_a = a & differ & (0 - differ); /* the lowest bit decides */
			if (winner(&ra, &rb) != (want_a ? 0 : 1))
				fail_msg("rule %x against rule %x", a, b);
		}
}

/* clang-format off */
static const struct {
	const char *says;
	struct price_rule rule;
	struct price_step ask;
	bool matches;
} matches[] = {
	{ "a rule that says nothing is for every hour",
	  { .closes = 1800 }, { 1, 5, NULL, 1, 0 }, true },
	{ "its sport", { .sport_id = 1, .closes = 1800 }, { 1, 5, NULL, 1, 0 }, true },
	{ "another sport", { .sport_id = 2, .closes = 1800 }, { 1, 5, NULL, 1, 0 }, false },
	{ "its court", { .court_id = 5, .closes = 1800 }, { 1, 5, NULL, 1, 0 }, true },
	{ "another court", { .court_id = 6, .closes = 1800 }, { 1, 5, NULL, 1, 0 }, false },
	{ "a holiday's rule on a holiday",
	  { .day_kind = "holiday", .closes = 1800 }, { 1, 5, "holiday", 1, 0 }, true },
	{ "a holiday's rule on a 调休 day",
	  { .day_kind = "holiday", .closes = 1800 }, { 1, 5, "makeup", 1, 0 }, false },
	{ "a holiday's rule on an ordinary day",
	  { .day_kind = "holiday", .closes = 1800 }, { 1, 5, NULL, 1, 0 }, false },
	{ "an ordinary rule on a holiday",
	  { .closes = 1800 }, { 1, 5, "holiday", 1, 0 }, true },
	{ "Monday's rule on Monday",
	  { .weekdays = MONDAY, .closes = 1800 }, { 1, 5, NULL, 1, 0 }, true },
	{ "Monday's rule on Sunday",
	  { .weekdays = MONDAY, .closes = 1800 }, { 1, 5, NULL, 7, 0 }, false },
	{ "the weekend's rule on Saturday",
	  { .weekdays = WEEKEND, .closes = 1800 }, { 1, 5, NULL, 6, 0 }, true },
	{ "the weekend's rule on Sunday",
	  { .weekdays = WEEKEND, .closes = 1800 }, { 1, 5, NULL, 7, 0 }, true },
	{ "the weekend's rule on Friday",
	  { .weekdays = WEEKEND, .closes = 1800 }, { 1, 5, NULL, 5, 0 }, false },
	{ "Sunday's rule on a Sunday worked as a Monday",
	  { .weekdays = SUNDAY, .closes = 1800 }, { 1, 5, "makeup", 1, 0 }, false },
	{ "Monday's rule on a Sunday worked as a Monday",
	  { .weekdays = MONDAY, .closes = 1800 }, { 1, 5, "makeup", 1, 0 }, true },
	{ "the half hour before it begins",
	  { .opens = 1080, .closes = 1320 }, { 1, 5, NULL, 1, 1050 }, false },
	{ "the half hour when it begins",
	  { .opens = 1080, .closes = 1320 }, { 1, 5, NULL, 1, 1080 }, true },
	{ "its last half hour",
	  { .opens = 1080, .closes = 1320 }, { 1, 5, NULL, 1, 1290 }, true },
	{ "the half hour when it ends",
	  { .opens = 1080, .closes = 1320 }, { 1, 5, NULL, 1, 1320 }, false },
	{ "an hour past midnight, by the night's rule",
	  { .opens = 1440, .closes = 1530 }, { 1, 5, NULL, 5, 1500 }, true },
	{ "an hour past midnight, by the morning's rule",
	  { .opens = 0, .closes = 360 }, { 1, 5, NULL, 5, 1500 }, false },
	{ "the morning, by the night's rule",
	  { .opens = 1440, .closes = 1530 }, { 1, 5, NULL, 5, 60 }, false },
	{ "all that is said must fit",
	  { .sport_id = 1, .court_id = 5, .day_kind = "holiday", .weekdays = MONDAY,
	  .closes = 1800 }, { 1, 5, "holiday", 2, 0 }, false },
};
/* clang-format on */

static void rules_match_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(matches); i++)
		if ((price_rule_for(&matches[i].rule, 1, &matches[i].ask) != NULL) !=
			matches[i].matches)
			fail_msg("%s", matches[i].says);
}

/* A price list as a venue has it, asked for some hours. */
/* clang-format off */
static const struct price_rule list[] = {
	{ .id = 1, .closes = 1800, .hour_fen = { 4000 } },
	{ .id = 2, .opens = 1080, .closes = 1320, .hour_fen = { 8000 } },
	{ .id = 3, .weekdays = WEEKEND, .opens = 540, .closes = 1320, .hour_fen = { 9000 } },
	{ .id = 4, .day_kind = "makeup", .opens = 540, .closes = 600, .hour_fen = { 3000 } },
	{ .id = 5, .court_id = 5, .closes = 1800, .hour_fen = { 5000 } },
	{ .id = 6, .opens = 1440, .closes = 1530, .hour_fen = { 2000 } },
	{ .id = 7, .sport_id = 2, .day_kind = "holiday", .closes = 1800,
	  .hour_fen = { 12000 } },
	{ .id = 8, .opens = 1080, .closes = 1320, .hour_fen = { 8200 } },
};
static const struct {
	const char *says;
	struct price_step ask;
	int64_t fen;
} asked[] = {
	{ "a Tuesday morning", { 1, 9, NULL, 2, 600 }, 4000 },
	{ "a Tuesday evening: narrower hours, and the newer of two",
	  { 1, 9, NULL, 2, 1080 }, 8200 },
	{ "a Saturday morning", { 1, 9, NULL, 6, 600 }, 9000 },
	{ "a Saturday evening: the weekday counts before the hours",
	  { 1, 9, NULL, 6, 1080 }, 9000 },
	{ "the court with its own price, on a Saturday evening",
	  { 1, 5, NULL, 6, 1080 }, 5000 },
	{ "a holiday of the sport that has a rule", { 2, 9, "holiday", 2, 1080 }, 12000 },
	{ "a holiday of another sport goes by the weekday",
	  { 1, 9, "holiday", 2, 1080 }, 8200 },
	{ "a holiday on a Saturday goes by Saturday", { 1, 9, "holiday", 6, 600 }, 9000 },
	{ "a Sunday worked as a Monday", { 1, 9, "makeup", 1, 660 }, 4000 },
	{ "and the hour that has a rule for such days", { 1, 9, "makeup", 1, 540 }, 3000 },
	{ "half past midnight", { 1, 9, NULL, 2, 1470 }, 2000 },
	{ "half past midnight of a Saturday, where the weekend's rule ended",
	  { 1, 9, NULL, 6, 1470 }, 2000 },
	{ "half past midnight of the court with its own price", { 1, 5, NULL, 2, 1470 }, 5000 },
};
/* clang-format on */

static void a_venues_list_says_what_an_hour_costs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(asked); i++) {
		const struct price_rule *r =
			price_rule_for(list, COUNT_OF(list), &asked[i].ask);

		if (!r || r->hour_fen.fen != asked[i].fen)
			fail_msg("%s: rule %lld", asked[i].says, r ? (long long)r->id : 0);
	}
}

static void without_a_rule_there_is_no_price(void **state)
{
	struct price_rule evening = {.id = 1, .opens = 1080, .closes = 1320};

	(void)state;
	assert_null(price_rule_for(NULL, 0, &holiday_noon));
	assert_null(price_rule_for(&evening, 1, &holiday_noon));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_beats_all_below_it_together),
		cmocka_unit_test(of_any_two_rules_the_one_with_the_higher_level_wins),
		cmocka_unit_test(rules_match_by_the_table),
		cmocka_unit_test(a_venues_list_says_what_an_hour_costs),
		cmocka_unit_test(without_a_rule_there_is_no_price),
	};

	return RUN_TESTS(tests);
}
