/* Times of a play day, and what staff write down as hours. */
#include "test.h"

#include "setup/hours_check.h"
#include "venue/clock.h"

#include <string.h>

static void times_are_read_and_written(void **state)
{
	(void)state;
	for (int64_t m = 0; m <= 1800; m += 30) {
		char text[CLOCK_TEXT];
		int64_t back = -1;

		assert_true(clock_parse(clock_write(text, m), &back));
		assert_int_equal(back, m);
	}
	char text[CLOCK_TEXT];
	assert_string_equal(clock_write(text, 1530), "25:30");
	assert_string_equal(clock_write(text, 480), "08:00");
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "8:00", "08:15", "08:0", "08:000", "0800",
		"08-00", "30:30", "31:00", "-1:00", "+8:00", " 8:00", "08:00 ", "ab:cd",
		"0x:00", "08:60"};
	int64_t m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (clock_parse(bad[i], &m))
			fail_msg("\"%s\" is a time", bad[i]);
}

/* clang-format off */
static struct {
	const char *says;
	enum hours_of of;
	struct hours_line lines[3];
	const char *field; /* NULL: fine */
} cases[] = {
	{ "one opening", WEEK, { { 1, "08:00", "22:00" } }, NULL },
	{ "two, side by side", WEEK, { { 1, "08:00", "12:00" }, { 1, "12:00", "22:00" } }, NULL },
	{ "the same twice", WEEK, { { 1, "08:00", "12:00" }, { 1, "08:00", "12:00" } },
	  "hours[1]" },
	{ "overlapping, whichever comes first", WEEK,
	  { { 1, "11:00", "12:00" }, { 1, "08:00", "11:30" } }, "hours[1]" },
	{ "the same hours of two days", WEEK, { { 1, "08:00", "12:00" }, { 2, "08:00", "12:00" } },
	  NULL },
	{ "into the next morning", WEEK, { { 1, "20:00", "25:30" }, { 2, "01:30", "03:00" } },
	  NULL },
	{ "into the next morning's hours", WEEK,
	  { { 1, "20:00", "25:30" }, { 2, "01:00", "03:00" } }, "hours[1]" },
	{ "from Sunday into Monday", WEEK, { { 1, "00:00", "03:00" }, { 7, "20:00", "25:30" } },
	  "hours[1]" },
	{ "Monday's first, into Tuesday", WEEK, { { 2, "00:00", "03:00" }, { 1, "20:00", "25:30" } },
	  "hours[1]" },
	{ "of one day only", ONE_DAY, { { 0, "00:00", "03:00" }, { 0, "20:00", "25:30" } }, NULL },
	{ "ends when it begins", WEEK, { { 1, "08:00", "08:00" } }, "hours[0].closes" },
	{ "ends before", WEEK, { { 1, "08:00", "07:00" } }, "hours[0].closes" },
	{ "not a half hour", WEEK, { { 1, "08:00", "22:00" }, { 2, "08:10", "22:00" } },
	  "hours[1].opens" },
	{ "opens on the next day", WEEK, { { 1, "24:00", "25:00" } }, "hours[0].opens" },
	{ "closes too late", WEEK, { { 1, "08:00", "30:30" } }, "hours[0].closes" },
};
/* clang-format on */

static void hours_are_checked_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct list lines = {cases[i].lines, 0};
		struct hours_columns columns;
		const char *field = NULL;

		while (lines.count < 3 && cases[i].lines[lines.count].opens)
			lines.count++;
		enum err err = hours_check(mem, &lines, cases[i].of, &columns, &field);
		const char *want = cases[i].field;
		if ((err == E_OK) != !want || (field && want && strcmp(field, want) != 0))
			fail_msg("%s: %s", cases[i].says, field ? field : "fine");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(hours_are_checked_by_the_table),
	};

	return RUN_TESTS(tests);
}
