/* Times of a play day. */
#include "test.h"

#include "base/err.h"
#include "venue/clock.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(what_is_no_time_is_refused),
	};

	return RUN_TESTS(tests);
}
