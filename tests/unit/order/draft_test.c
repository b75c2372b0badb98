/* From what a customer asks for to an order with prices. */
#include "test.h"

#include "base/settings.h"
#include "order/order.h"

#include <string.h>

static const int64_t MIDNIGHT = 1795363200 * SECOND; /* 2026-11-23 in China */
static struct opening opening;
static struct day day;

/* clang-format off */
/* Badminton by the hour, table tennis by the half hour, and a court without a price. */
static struct court courts[] = {
	{ .id = 5, .sport_id = 1, .slot_minutes = 60, .name = "1 号场" },
	{ .id = 6, .sport_id = 1, .slot_minutes = 60, .name = "2 号场" },
	{ .id = 7, .sport_id = 4, .slot_minutes = 30, .name = "1 号台" },
	{ .id = 8, .sport_id = 9, .slot_minutes = 60, .name = "新场" },
};
static struct price_rule rules[] = {
	{ .id = 1, .sport_id = 1, .opens = 0, .closes = 1800, .hour_fen = { 4000 } },
	{ .id = 2, .sport_id = 1, .opens = 1080, .closes = 1320, .hour_fen = { 8000 } },
	{ .id = 3, .sport_id = 4, .opens = 0, .closes = 1800, .hour_fen = { 3002 } },
	{ .id = 4, .sport_id = 9, .opens = 0, .closes = 720, .hour_fen = { 100 } },
};
/* clang-format on */

static stamp at(int64_t minutes)
{
	return (stamp){MIDNIGHT + minutes * MINUTE};
}

/* Court, start and end in minutes; a court of 0 ends the list. */
struct wish {
	int64_t court, start, end;
};
enum { WISHES = 8 };

static enum err draft(const struct wish *wishes, struct order *order, const char **field)
{
	struct period *periods = NEW_N(mem, struct period, WISHES);
	size_t n = 0;

	for (; n < WISHES && wishes[n].court; n++)
		periods[n] = (struct period){
			wishes[n].court, at(wishes[n].start), at(wishes[n].end)};
	struct order_in in = {
		.venue_id = 1,
		.date = day.head.date,
		.periods = {periods, n},
		.note = "两个人",
	};
	*field = NULL;
	return order_draft(mem, &in, &day, order, field);
}

/* clang-format off */
static const struct {
	const char *says;
	struct wish wishes[WISHES];
	enum err err;
	const char *field;
	int64_t fen;
} cases[] = {
	{ "one hour", { { 5, 600, 660 } }, E_OK, NULL, 4000 },
	{ "one period over two tariffs", { { 5, 1020, 1140 } }, E_OK, NULL, 12000 },
	{ "two courts at one time", { { 5, 600, 660 }, { 6, 600, 660 } }, E_OK, NULL, 8000 },
	{ "one court, one hour after the other",
	  { { 5, 600, 660 }, { 5, 660, 720 } }, E_OK, NULL, 8000 },
	{ "one court, in the other order",
	  { { 5, 660, 720 }, { 5, 600, 660 } }, E_OK, NULL, 8000 },
	{ "two sports with slots of their own",
	  { { 5, 600, 660 }, { 7, 630, 660 } }, E_OK, NULL, 4000 + 1501 },
	{ "the other sport's slots do not count", { { 7, 600, 630 }, { 5, 630, 690 } },
	  E_PERIOD_UNALIGNED, "periods[1]", 0 },
	{ "half a slot", { { 5, 600, 630 } }, E_PERIOD_UNALIGNED, "periods[0]", 0 },
	{ "the same twice",
	  { { 5, 600, 660 }, { 5, 600, 660 } }, E_PERIOD_DUPLICATE, "periods[1]", 0 },
	{ "the same twice, something between",
	  { { 5, 600, 660 }, { 6, 600, 660 }, { 7, 600, 630 }, { 5, 600, 660 } },
	  E_PERIOD_DUPLICATE, "periods[3]", 0 },
	{ "a part of an earlier one",
	  { { 5, 600, 780 }, { 5, 660, 720 } }, E_PERIOD_DUPLICATE, "periods[1]", 0 },
	{ "an earlier one is part of it",
	  { { 5, 660, 720 }, { 5, 600, 780 } }, E_PERIOD_DUPLICATE, "periods[1]", 0 },
	{ "its end lies in an earlier one",
	  { { 5, 660, 780 }, { 5, 600, 720 } }, E_PERIOD_DUPLICATE, "periods[1]", 0 },
	{ "its start lies in an earlier one",
	  { { 5, 600, 720 }, { 5, 660, 780 } }, E_PERIOD_DUPLICATE, "periods[1]", 0 },
	{ "a court that the venue lacks",
	  { { 5, 600, 660 }, { 99, 600, 660 } }, E_COURT_NOT_FOUND, "periods[1]", 0 },
	{ "started already", { { 5, 480, 540 } }, E_PERIOD_PAST, "periods[0]", 0 },
	{ "after the close", { { 5, 600, 660 }, { 6, 600, 660 }, { 5, 1320, 1380 } },
	  E_PERIOD_CLOSED, "periods[2]", 0 },
	{ "no price", { { 8, 720, 780 } }, E_PERIOD_UNPRICED, "periods[0]", 0 },
	{ "no price for its second half",
	  { { 8, 660, 780 } }, E_PERIOD_UNPRICED, "periods[0]", 0 },
	{ "of two that can't be had the first decides", { { 99, 0, 1 }, { 5, 600, 630 } },
	  E_COURT_NOT_FOUND, "periods[0]", 0 },
	{ "what can't be had comes before what is there twice",
	  { { 5, 600, 660 }, { 5, 600, 630 } },
	  E_PERIOD_UNALIGNED, "periods[1]", 0 },
};
/* clang-format on */

static void orders_are_drafted_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct order order;
		const char *field;
		enum err err = draft(cases[i].wishes, &order, &field);

		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		if (!field != !cases[i].field || (field && strcmp(field, cases[i].field) != 0))
			fail_msg("%s: field %s", cases[i].says, field ? field : "-");
		if (err == E_OK && order.amount_fen.fen != cases[i].fen)
			fail_msg(
				"%s: %lld fen", cases[i].says, (long long)order.amount_fen.fen);
		arena_reset(mem);
	}
}

static void a_draft_says_all_but_ids_and_number(void **state)
{
	/* clang-format off */
	static const struct wish wishes[WISHES] = { { 7, 600, 660 }, { 5, 1080, 1200 } };
	/* clang-format on */
	struct order o;
	const char *field;

	(void)state;
	assert_int_equal(draft(wishes, &o, &field), E_OK);
	assert_string_equal(o.venue_name, "星河");
	assert_string_equal(o.state, "pending");
	assert_string_equal(o.pay_state, "unpaid");
	assert_string_equal(o.note, "两个人");
	assert_true(o.venue_id == 1 && o.date.days == day.head.date.days);
	assert_true(o.created_at.us == day.head.now.us && o.paid_at.us == 0);
	assert_true(o.expires_at.us == day.head.now.us + 600 * SECOND);
	assert_true(o.id == 0 && !o.no && o.account_id == 0);
	assert_int_equal(o.items.count, 2);
	const struct item *items = o.items.at;
	assert_true(items[0].court_id == 7 && items[0].start.us == at(600).us);
	assert_true(items[0].price_fen.fen == 3002 && items[0].end.us == at(660).us);
	assert_string_equal(items[0].court_name, "1 号台");
	assert_true(items[1].court_id == 5 && items[1].price_fen.fen == 16000);
	assert_string_equal(items[1].state, "held");
	assert_int_equal(o.amount_fen.fen, 19002);
}

static void the_life_of_an_order_is_a_setting(void **state)
{
	static const struct wish wishes[WISHES] = {{5, 600, 660}};
	struct order o;
	const char *field;

	(void)state;
	settings.order_ttl_s = 60;
	assert_int_equal(draft(wishes, &o, &field), E_OK);
	assert_true(o.expires_at.us == day.head.now.us + 60 * SECOND);
	settings.order_ttl_s = 600;
}

static void the_sum_is_held_against_the_one_that_was_shown(void **state)
{
	static const struct {
		int64_t expected;
		enum err err;
	} sums[] = {{-1, E_OK}, {4000, E_OK}, {3999, E_PRICE_CHANGED}, {0, E_PRICE_CHANGED}};
	struct order order = {.amount_fen = {4000}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sums); i++) {
		struct order_in in = {.expected_fen = sums[i].expected};
		raw_json detail = {0};

		assert_int_equal(order_check_expected(mem, &in, &order, &detail), sums[i].err);
		assert_true((detail.text != NULL) == (sums[i].err != E_OK));
		if (detail.text)
			assert_string_equal(detail.text, "{\"amount_fen\":4000}");
	}
}

static void the_courts_asked_for_are_listed_as_they_come(void **state)
{
	/* clang-format off */
	struct period periods[] = { { .court_id = 7 }, { .court_id = 5 }, { .court_id = 7 } };
	/* clang-format on */
	struct order_in in = {.periods = {periods, 3}};

	(void)state;
	struct ints ids = order_in_courts(mem, &in);
	assert_int_equal(ids.count, 3);
	assert_true(ids.at[0] == 7 && ids.at[1] == 5 && ids.at[2] == 7);
}

static void an_order_of_sixty_periods_is_summed(void **state)
{
	struct period *periods = NEW_N(mem, struct period, PERIODS_MAX);
	struct order_in in = {.venue_id = 1, .periods = {periods, PERIODS_MAX}};
	struct opening all = {0, 1800, at(0), at(1800)};
	struct day whole = day;
	struct order order;
	const char *field = NULL;

	(void)state;
	whole.head.now = at(-1);
	whole.openings = (struct list){&all, 1};
	for (size_t i = 0; i < PERIODS_MAX; i++) {
		int64_t start = (int64_t)i * 30;
		periods[i] = (struct period){7, at(start), at(start + 30)};
	}
	assert_int_equal(order_draft(mem, &in, &whole, &order, &field), E_OK);
	assert_int_equal(order.amount_fen.fen, 60 * 1501);
	periods[59] = periods[0];
	assert_int_equal(order_draft(mem, &in, &whole, &order, &field), E_PERIOD_DUPLICATE);
	assert_string_equal(field, "periods[59]");
}

static void a_date_outside_the_window_is_refused(void **state)
{
	static const struct wish wish[] = {{5, 600, 660}, {0}};
	struct day on_sale = day;
	const char *field;
	struct order o;

	(void)state;
	assert_int_equal(draft(wish, &o, &field), E_OK);
	assert_null(field);
	day.head.window_days = 4;
	assert_int_equal(draft(wish, &o, &field), E_DATE_OUTSIDE_WINDOW);
	assert_string_equal(field, "date");
	day = on_sale;
}

/* A date that opens from 18:00 to 25:30; the clock is in minutes of it. */
static void a_day_counts_until_its_last_closing(void **state)
{
	static const struct {
		int64_t now, days_ago;
		bool in_window;
	} nights[] = {{1471, 1, true}, {1529, 1, true}, {1530, 1, false}, {1471, 2, false}};
	struct opening evening = {1080, 1530, at(1080), at(1530)};
	struct day night = day;

	(void)state;
	night.openings = (struct list){&evening, 1};
	for (size_t i = 0; i < COUNT_OF(nights); i++) {
		night.head.today.days = (int32_t)(night.head.date.days + nights[i].days_ago);
		night.head.now = at(nights[i].now);
		assert_int_equal(day_in_window(&night), nights[i].in_window);
	}
}

static int begin(void **state)
{
	(void)state;
	settings.order_ttl_s = 600;
	opening = (struct opening){480, 1320, at(480), at(1320)};
	/* clang-format off */
	day = (struct day){
		.head = { .venue_id = 1, .venue_name = "星河", .weekday = 1, .longest_minutes = 1800, .now = at(540),
		  .date = { 20780 }, .today = { 20775 }, .window_days = 5 },
		.openings = { &opening, 1 },
		.courts = { courts, COUNT_OF(courts) },
		.rules = { rules, COUNT_OF(rules) },
	};
	/* clang-format on */
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_are_drafted_by_the_table),
		cmocka_unit_test(a_draft_says_all_but_ids_and_number),
		cmocka_unit_test(the_life_of_an_order_is_a_setting),
		cmocka_unit_test(the_sum_is_held_against_the_one_that_was_shown),
		cmocka_unit_test(the_courts_asked_for_are_listed_as_they_come),
		cmocka_unit_test(a_date_outside_the_window_is_refused),
		cmocka_unit_test(a_day_counts_until_its_last_closing),
		cmocka_unit_test(an_order_of_sixty_periods_is_summed),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
