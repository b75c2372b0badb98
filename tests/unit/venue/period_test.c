/* Which periods of a play day can be had, and what they cost. The day opens
 * 08:00–12:00 and 13:00–01:30; it is ten o'clock. */
#include "test.h"

#include "base/err.h"
#include "venue/day.h"

#include <string.h>

static const int64_t MIDNIGHT = 1795363200 * SECOND; /* 2026-11-23, a Monday, in China */
static struct opening openings[2];
static struct price_rule rules[4];
static struct day day;

/* clang-format off */
static const struct court hourly = { .id = 5, .sport_id = 1, .slot_minutes = 60,
  .name = "1 号场" };
static const struct court half_hourly = { .id = 6, .sport_id = 1, .slot_minutes = 30,
  .name = "2 号场" };
static const struct court long_slots = { .id = 7, .sport_id = 1, .slot_minutes = 90,
  .name = "3 号场" };
/* clang-format on */

/* "18:30" of the play day, as minutes; "25:30" is the next day's 01:30. */
enum { AT_10 = 600 };
static stamp at(int64_t minutes)
{
	return (stamp){MIDNIGHT + minutes * MINUTE};
}

static struct opening opening(int64_t opens, int64_t closes)
{
	return (struct opening){opens, closes, at(opens), at(closes)};
}

static int begin(void **state)
{
	(void)state;
	openings[0] = opening(480, 720);
	openings[1] = opening(780, 1530);
	/* clang-format off */
	rules[0] = (struct price_rule){ .id = 1, .opens = 0, .closes = 1080,
	  .hour_fen = { 4000 } };
	rules[1] = (struct price_rule){ .id = 2, .opens = 1080, .closes = 1320,
	  .hour_fen = { 8000 } };
	rules[2] = (struct price_rule){ .id = 3, .opens = 1380, .closes = 1500,
	  .hour_fen = { 2002 } };
	rules[3] = (struct price_rule){ .id = 4, .day_kind = "holiday", .opens = 1080,
	  .closes = 1140,
		.hour_fen = { 10000 } };
	day = (struct day){
		.head = { .venue_id = 1, .weekday = 1, .longest_minutes = 1800, .now = at(AT_10),
			.date = { 20780 } },
		.openings = { openings, 2 },
		.rules = { rules, COUNT_OF(rules) },
	};
	/* clang-format on */
	return 0;
}

/* clang-format off */
static const struct {
	const char *says;
	const struct court *court;
	int64_t start, end;
	enum err err;
} checks[] = {
	{ "one slot", &hourly, 660, 720, E_OK },
	{ "several slots", &hourly, 780, 1020, E_OK },
	{ "all of an opening's whole slots", &hourly, 780, 1500, E_OK },
	{ "counted from the opening, not from midnight", &long_slots, 780, 870, E_OK },
	{ "long slots do not come out even at the close",
	  &long_slots, 1440, 1530, E_PERIOD_UNALIGNED },
	{ "long slots across midnight", &long_slots, 1410, 1500, E_OK },
	{ "the end is the start", &hourly, 660, 660, E_PERIOD_UNALIGNED },
	{ "the end is before the start", &hourly, 720, 660, E_PERIOD_UNALIGNED },
	{ "half a slot", &hourly, 660, 690, E_PERIOD_UNALIGNED },
	{ "one and a half", &hourly, 780, 870, E_PERIOD_UNALIGNED },
	{ "a slot that begins at half past", &hourly, 810, 870, E_PERIOD_UNALIGNED },
	{ "half an hour where slots are that short", &half_hourly, 810, 840, E_OK },
	{ "a quarter past", &half_hourly, 795, 825, E_PERIOD_UNALIGNED },
	{ "an hour ago", &hourly, 540, 600, E_PERIOD_PAST },
	{ "it begins this instant", &hourly, 600, 660, E_PERIOD_PAST },
	{ "it has begun, though most of it is to come", &hourly, 540, 720, E_PERIOD_PAST },
	{ "the next slot", &half_hourly, 630, 660, E_OK },
	{ "at lunch", &half_hourly, 720, 780, E_PERIOD_CLOSED },
	{ "from one opening into lunch", &hourly, 660, 780, E_PERIOD_CLOSED },
	{ "from lunch into an opening", &half_hourly, 750, 840, E_PERIOD_CLOSED },
	{ "from opening to opening, across lunch", &hourly, 660, 840, E_PERIOD_CLOSED },
	{ "the last slot before lunch", &half_hourly, 690, 720, E_OK },
	{ "the first slot after lunch", &hourly, 780, 840, E_OK },
	{ "across midnight", &hourly, 1380, 1500, E_OK },
	{ "after midnight", &half_hourly, 1470, 1500, E_OK },
	{ "the last half hour", &half_hourly, 1500, 1530, E_OK },
	{ "a full slot that passes the close", &hourly, 1500, 1560, E_PERIOD_CLOSED },
	{ "beginning at the close", &half_hourly, 1530, 1560, E_PERIOD_CLOSED },
	{ "the next day's evening", &hourly, 1080 + 1440, 1140 + 1440, E_PERIOD_CLOSED },
};
/* clang-format on */

static void a_period_is_no_longer_than_the_venue_wants(void **state)
{
	static const struct {
		const struct court *court;
		int64_t longest, minutes;
		enum err err;
	} cases[] = {
		{&hourly, 240, 240, E_OK},
		{&hourly, 240, 300, E_PERIOD_TOO_LONG},
		{&hourly, 240, 270, E_PERIOD_UNALIGNED},
		{&half_hourly, 240, 270, E_PERIOD_TOO_LONG},
		{&half_hourly, 30, 30, E_OK},
		{&half_hourly, 30, 60, E_PERIOD_TOO_LONG},
		{&long_slots, 60, 90, E_OK}, /* one slot */
		{&long_slots, 60, 180, E_PERIOD_TOO_LONG},
		{&hourly, 240, 780, E_PERIOD_CLOSED},
	};
	struct day strict = day;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		strict.head.longest_minutes = cases[i].longest;
		assert_int_equal(period_check(&strict, cases[i].court, at(780),
					 at(780 + cases[i].minutes)),
			cases[i].err);
	}
}

static void periods_are_judged_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		enum err err = period_check(
			&day, checks[i].court, at(checks[i].start), at(checks[i].end));

		if (err != checks[i].err)
			fail_msg("%s: %s", checks[i].says, err_info[err].code);
	}
}

static void a_second_off_the_grid_is_refused(void **state)
{
	stamp start = at(840), end = at(900), late = {start.us + SECOND}, odd = {end.us + 1};
	stamp end_late = {end.us + SECOND};

	(void)state;
	assert_int_equal(period_check(&day, &hourly, start, end), E_OK);
	assert_int_equal(period_check(&day, &hourly, late, end_late), E_PERIOD_UNALIGNED);
	assert_int_equal(period_check(&day, &hourly, start, odd), E_PERIOD_UNALIGNED);
}

static void a_microsecond_decides_what_is_past(void **state)
{
	struct day then = day;

	(void)state;
	then.head.now.us = at(840).us - 1;
	assert_int_equal(period_check(&then, &hourly, at(840), at(900)), E_OK);
	then.head.now.us++;
	assert_int_equal(period_check(&then, &hourly, at(840), at(900)), E_PERIOD_PAST);
}

static void a_day_without_openings_is_closed(void **state)
{
	struct day shut = day;
	money price = {5};

	(void)state;
	shut.openings.count = 0;
	assert_int_equal(period_check(&shut, &hourly, at(660), at(720)), E_PERIOD_CLOSED);
	assert_false(period_price(&shut, &hourly, at(660), at(720), &price));
}

static void two_openings_that_touch_are_still_two(void **state)
{
	struct opening two[] = {opening(480, 720), opening(720, 1320)};
	struct day split = day;

	(void)state;
	split.openings.at = two;
	assert_int_equal(period_check(&split, &hourly, at(660), at(720)), E_OK);
	assert_int_equal(period_check(&split, &hourly, at(720), at(780)), E_OK);
	assert_int_equal(period_check(&split, &hourly, at(660), at(780)), E_PERIOD_CLOSED);
}

static const struct {
	int64_t closes, opens, start, end;
	enum err err;
	int64_t fen;
} nights[] = {
	{1440, 0, 1380, 1500, E_OK, 4000 + 8000},
	{1440, 0, 1320, 1440, E_OK, 8000}, /* up to the close, and no further */
	{1440, 0, 1410, 1470, E_PERIOD_UNALIGNED, 0},
	{1440, 30, 1380, 1500, E_PERIOD_CLOSED, 0},
	{1410, 0, 1380, 1500, E_PERIOD_CLOSED, 0},
	{1500, 60, 1440, 1560, E_OK, 4000 + 8000}, /* a night, and a morning behind it */
	{1440, 0, 1440, 1500, E_PERIOD_CLOSED, 0}, /* it belongs to the date after */
	{1440, 0, 1380, 1440 + 720, E_PERIOD_CLOSED, 0},
};

/* Today around the clock, or as the openings say; and the date after, at twice the price. */
static void a_period_runs_on_where_the_next_date_opens_at_the_close(void **state)
{
	struct price_rule one[] = {{.id = 1, .closes = 1800, .hour_fen = {4000}}};
	struct price_rule two[] = {{.id = 2, .closes = 1800, .hour_fen = {8000}}};
	struct court court = hourly;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(nights); i++) {
		struct opening today[] = {opening(0, nights[i].closes)};
		struct opening after[] = {
			{nights[i].opens, 600, at(1440 + nights[i].opens), at(1440 + 600)}};
		struct day next = day, first = day;
		money price;

		next.head.date.days++;
		next.head.window_days = first.head.window_days = 9;
		next.openings = (struct list){after, 1};
		next.courts = (struct list){&court, 1};
		next.rules = (struct list){two, 1};
		next.head.today = first.head.today = day.head.date;
		first.openings = (struct list){today, 1};
		first.rules = (struct list){one, 1};
		first.next = &next;
		stamp start = at(nights[i].start), end = at(nights[i].end);
		assert_int_equal(period_check(&first, &court, start, end), nights[i].err);
		if (nights[i].err != E_OK)
			continue;
		assert_true(period_price(&first, &court, start, end, &price));
		assert_int_equal(price.fen, nights[i].fen);
		assert_int_equal(period_runs_on(&first, end), nights[i].end > nights[i].closes);
		next.head.window_days = -1;
		assert_int_equal(period_check(&first, &court, start, end),
			period_runs_on(&first, end) ? E_DATE_OUTSIDE_WINDOW : E_OK);
	}
}

/* clang-format off */
static const struct {
	const char *says, *day_kind;
	int64_t start, end, fen; /* fen -1: no price */
} prices[] = {
	{ "one hour of one tariff", NULL, 780, 840, 4000 },
	{ "half an hour costs half", NULL, 780, 810, 2000 },
	{ "half of 20.02 is 10.01", NULL, 1380, 1410, 1001 },
	{ "an hour over two tariffs", NULL, 1050, 1110, 2000 + 4000 },
	{ "three hours over two tariffs", NULL, 1020, 1200, 4000 + 8000 + 8000 },
	{ "a holiday's dear hour among ordinary ones",
	  "holiday", 1050, 1170, 2000 + 10000 + 4000 },
	{ "a rule across midnight", NULL, 1410, 1500, 3003 },
	{ "no rule for any step", NULL, 1320, 1380, -1 },
	{ "no rule for the last step", NULL, 1290, 1350, -1 },
	{ "no rule for the first step", NULL, 1350, 1410, -1 },
	{ "no rule for a step in the middle", NULL, 1290, 1410, -1 },
	{ "no rule for the last half hour of the night", NULL, 1470, 1530, -1 },
	{ "closed hours have no price", NULL, 720, 780, -1 },
	{ "nor have hours that are partly closed", NULL, 690, 750, -1 },
};
/* clang-format on */

static void prices_are_sums_over_the_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(prices); i++) {
		struct day then = day;
		money price = {-5};

		then.head.day_kind = prices[i].day_kind;
		bool priced = period_price(
			&then, &hourly, at(prices[i].start), at(prices[i].end), &price);
		if (priced != (prices[i].fen >= 0) || (priced && price.fen != prices[i].fen))
			fail_msg("%s: %lld", prices[i].says, (long long)price.fen);
	}
}

/* The minutes of a rule are the play day's, also where the clock has a new day. */
static void the_tariff_after_midnight_belongs_to_the_evening_before(void **state)
{
	struct price_rule friday = {.weekdays = 16, .closes = 1800, .hour_fen = {6000}};
	struct day night = day;
	money price = {0};

	(void)state;
	night.head.weekday = 5;
	night.rules = (struct list){&friday, 1};
	assert_true(period_price(&night, &hourly, at(1440), at(1500), &price));
	assert_int_equal(price.fen, 6000);
	night.head.weekday = 6;
	assert_false(period_price(&night, &hourly, at(1440), at(1500), &price));
}

/* A short evening, so that the whole answer can be read. */
static void the_grid_shows_past_taken_free_and_closed(void **state)
{
	struct opening evening = opening(1080, 1350);
	struct court courts[] = {hourly, half_hourly};
	/* clang-format off */
	struct taken taken[] = {
		{ .court_id = 5, .at = at(1170) },
		  /* the second half of a slot */
		{ .court_id = 6, .at = at(1200), .blocked = true },
		{ .court_id = 6, .at = at(1290) },
		{ .court_id = 6, .at = at(1050) },                   /* before the opening */
		{ .court_id = 6, .at = at(3300) },                   /* far behind it */
	};
	/* clang-format on */
	struct own_period own = {
		.court_id = 5, .order_id = 77, .start = at(1140), .end = at(1200)};
	struct day grid = day;
	struct buf b = buf_in(mem, 4096);

	(void)state;
	courts[1].slot_minutes = 60;
	grid.head.now = at(1080);
	grid.head.day_kind = "holiday";
	grid.head.day_name = "国庆节";
	grid.openings = (struct list){&evening, 1};
	grid.courts = (struct list){courts, 2};
	grid.taken = (struct list){taken, COUNT_OF(taken)};
	grid.own = (struct list){&own, 1};
	day_write(&b, &grid, "badminton");
	assert_string_equal(buf_text(&b),
		"{\"venue_id\":1,\"sport\":\"badminton\",\"date\":\"2026-11-23\","
		"\"business_day\":null,\"slot_minutes\":60,\"day_kind\":\"holiday\","
		"\"day_name\":\"国庆节\",\"open\":true,"
		"\"slots\":["
		"{\"start\":\"2026-11-23T18:00:00+08:00\","
		"\"end\":\"2026-11-23T19:00:00+08:00\"},"
		"{\"start\":\"2026-11-23T19:00:00+08:00\","
		"\"end\":\"2026-11-23T20:00:00+08:00\"},"
		"{\"start\":\"2026-11-23T20:00:00+08:00\","
		"\"end\":\"2026-11-23T21:00:00+08:00\"},"
		"{\"start\":\"2026-11-23T21:00:00+08:00\","
		"\"end\":\"2026-11-23T22:00:00+08:00\"}],"
		"\"courts\":[{\"id\":5,\"name\":\"1 号场\",\"cells\":["
		"{\"state\":\"past\",\"price_fen\":10000,\"mine\":null},"
		"{\"state\":\"taken\",\"price_fen\":8000,\"mine\":77},"
		"{\"state\":\"free\",\"price_fen\":8000,\"mine\":null},"
		"{\"state\":\"free\",\"price_fen\":8000,\"mine\":null}]},"
		"{\"id\":6,\"name\":\"2 号场\",\"cells\":["
		"{\"state\":\"past\",\"price_fen\":10000,\"mine\":null},"
		"{\"state\":\"free\",\"price_fen\":8000,\"mine\":null},"
		"{\"state\":\"closed\",\"price_fen\":8000,\"mine\":null},"
		"{\"state\":\"taken\",\"price_fen\":8000,\"mine\":null}]}],"
		"\"last_night\":null}");
}

static void hours_without_a_price_are_shown_closed_and_a_closed_day_empty(void **state)
{
	struct opening late = opening(1320, 1380);
	struct court court = hourly;
	struct day grid = day;
	struct buf b = buf_in(mem, 4096);

	(void)state;
	grid.openings = (struct list){&late, 1};
	grid.courts = (struct list){&court, 1};
	day_write(&b, &grid, "badminton");
	assert_non_null(strstr(buf_text(&b),
		"\"cells\":[{\"state\":\"closed\",\"price_fen\":null,\"mine\":null}]"));
	assert_non_null(
		strstr(b.at, "\"day_kind\":\"normal\",\"day_name\":null,\"open\":true"));
	buf_clear(&b);
	grid.openings = (struct list){NULL, 0};
	day_write(&b, &grid, "badminton");
	assert_non_null(strstr(buf_text(&b),
		"\"open\":false,\"slots\":[],\"courts\":[{\"id\":5,"
		"\"name\":\"1 号场\",\"cells\":[]}]"));
}

static void of_the_night_before_only_what_is_ahead_is_shown(void **state)
{
	struct day night = day, today = day;
	struct buf b = buf_in(mem, 4096);

	(void)state;
	night.courts = today.courts = (struct list){
		&(struct court){.id = 5, .sport_id = 1, .slot_minutes = 60, .name = "1 号场"},
		1};
	today.head.today = today.head.date;
	night.head.today.days = night.head.date.days + 1;
	night.openings = (struct list){&(struct opening){1080, 1320, at(1080), at(1320)}, 1};
	night.after = at(1200);
	today.openings = (struct list){NULL, 0};
	today.last_night = &night;
	day_write(&b, &today, "badminton");
	assert_non_null(strstr(buf_text(&b), "\"business_day\":null,"));
	assert_non_null(strstr(buf_text(&b),
		"\"last_night\":{\"date\":\"2026-11-23\","
		"\"business_day\":\"昨晚营业日\","));
	assert_non_null(strstr(buf_text(&b),
		"\"slots\":[{\"start\":\"2026-11-23T21:00:00+08:00\","
		"\"end\":\"2026-11-23T22:00:00+08:00\"}]"));
}

/* Every cell of a full play day, against its own taken step. */
static void each_taken_step_marks_its_own_cell(void **state)
{
	struct opening all = opening(0, 1800);
	struct court court = half_hourly;
	struct price_rule flat = {.closes = 1800, .hour_fen = {2000}};

	(void)state;
	for (size_t k = 0; k < 60; k++) {
		struct taken taken[] = {
			[0] = {.court_id = 99, .at = at(0)},
			[1] = {.court_id = court.id, .at = at((int64_t)k * 30)},
		};
		struct day grid = day;
		struct buf b = buf_in(mem, 1 << 16);

		grid.head.now = at(-1);
		grid.openings = (struct list){&all, 1};
		grid.courts = (struct list){&court, 1};
		grid.rules = (struct list){&flat, 1};
		grid.taken = (struct list){taken, 2};
		day_write(&b, &grid, "badminton");
		size_t cell = 0;
		for (const char *s = buf_text(&b); (s = strstr(s, "\"state\":\"")); cell++) {
			s += strlen("\"state\":\"");
			assert_int_equal(strncmp(s, "taken", 5) == 0, cell == k);
		}
		assert_int_equal(cell, 60);
	}
}

/* 02:30–03:00 and 03:00–06:00 on a night without an hour from two to three: the first
 * would begin after the second. */
static void where_clocks_go_forward_the_first_opening_is_not_the_earliest(void **state)
{
	struct opening night[] = {
		{150, 180, at(150), at(120)},
		{180, 360, at(120), at(300)},
	};
	struct taken taken = {.court_id = half_hourly.id, .at = at(120)};
	struct price_rule flat = {.closes = 1800, .hour_fen = {2000}};
	struct court court = half_hourly;
	struct day grid = day;
	struct buf b = buf_in(mem, 1 << 16);
	size_t cells = 0;

	(void)state;
	grid.head.now = at(-1);
	grid.openings = (struct list){night, COUNT_OF(night)};
	grid.courts = (struct list){&court, 1};
	grid.rules = (struct list){&flat, 1};
	grid.taken = (struct list){&taken, 1};
	day_write(&b, &grid, "badminton");
	for (const char *s = buf_text(&b); (s = strstr(s, "\"state\":\"")); cells++) {
		s += strlen("\"state\":\"");
		assert_int_equal(strncmp(s, "taken", 5) == 0, cells == 0);
	}
	assert_int_equal(cells, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(periods_are_judged_by_the_table),
		cmocka_unit_test(a_period_is_no_longer_than_the_venue_wants),
		cmocka_unit_test(a_second_off_the_grid_is_refused),
		cmocka_unit_test(a_microsecond_decides_what_is_past),
		cmocka_unit_test(a_day_without_openings_is_closed),
		cmocka_unit_test(two_openings_that_touch_are_still_two),
		cmocka_unit_test(a_period_runs_on_where_the_next_date_opens_at_the_close),
		cmocka_unit_test(prices_are_sums_over_the_steps),
		cmocka_unit_test(the_tariff_after_midnight_belongs_to_the_evening_before),
		cmocka_unit_test(the_grid_shows_past_taken_free_and_closed),
		cmocka_unit_test(hours_without_a_price_are_shown_closed_and_a_closed_day_empty),
		cmocka_unit_test(of_the_night_before_only_what_is_ahead_is_shown),
		cmocka_unit_test(each_taken_step_marks_its_own_cell),
		cmocka_unit_test(where_clocks_go_forward_the_first_opening_is_not_the_earliest),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
