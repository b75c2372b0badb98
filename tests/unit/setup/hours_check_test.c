/* Opening hours of neighbouring dates. */
#include "test.h"

#include "base/err.h"
#include "setup/hours_check.h"

enum { MON = 1, TUE, EXCEPTION = 0, LATE = 1560 /* 26:00 */, EARLY = 60 };

/* clang-format off */
static const struct {
	const char *says;
	struct date_hours hours[3]; /* up to one that doesn't close */
	bool weekly;
	int night; /* -1: none */
} cases[] = {
	{ "no hours at all", { { 0 } }, false, -1 },
	{ "a date by itself", { { 1, { 9 }, MON, 0, 1800 } }, false, -1 },
	{ "a night into the morning",
	  { { 1, { 9 }, MON, 480, LATE }, { 1, { 10 }, EXCEPTION, EARLY, 600 } }, false, 0 },
	{ "a night that ends when the morning begins",
	  { { 1, { 9 }, MON, 480, LATE }, { 1, { 10 }, EXCEPTION, 120, 600 } }, false, -1 },
	{ "half an hour more",
	  { { 1, { 9 }, MON, 480, LATE + 30 }, { 1, { 10 }, EXCEPTION, 120, 600 } }, false, 0 },
	{ "a day that ends at midnight",
	  { { 1, { 9 }, MON, 0, 1440 }, { 1, { 10 }, TUE, 0, 1440 } }, false, -1 },
	{ "the second opening of a day",
	  { { 1, { 9 }, MON, 480, 600 }, { 1, { 9 }, MON, 1200, LATE },
	    { 1, { 10 }, TUE, EARLY, 600 } }, false, 1 },
	{ "the date after the next", { { 1, { 9 }, MON, 480, 1800 },
	    { 1, { 11 }, EXCEPTION, 0, 600 } }, false, -1 },
	{ "another venue", { { 1, { 9 }, MON, 480, 1800 },
	    { 2, { 10 }, EXCEPTION, 0, 600 } }, false, -1 },
	{ "two exceptions",
	  { { 1, { 9 }, EXCEPTION, 480, LATE }, { 1, { 10 }, EXCEPTION, 0, 600 } }, false, 0 },
	{ "which are not the week's fault",
	  { { 1, { 9 }, EXCEPTION, 480, LATE }, { 1, { 10 }, EXCEPTION, 0, 600 } }, true, -1 },
	{ "the week's night is", { { 1, { 9 }, MON, 480, LATE },
	    { 1, { 10 }, EXCEPTION, 0, 600 } }, true, 0 },
	{ "so is the week's morning", { { 1, { 9 }, EXCEPTION, 480, LATE },
	    { 1, { 10 }, TUE, 0, 600 } }, true, 0 },
};
/* clang-format on */

static void a_night_that_reaches_the_next_dates_hours_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct date_hours hours[3];
		struct list list = {hours, 0};

		for (; list.count < 3 && cases[i].hours[list.count].closes; list.count++)
			hours[list.count] = cases[i].hours[list.count];
		const struct date_hours *found = hours_collide(&list, cases[i].weekly);
		if ((found ? (int)(found - hours) : -1) != cases[i].night)
			fail_msg("%s", cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_night_that_reaches_the_next_dates_hours_is_found),
	};

	return RUN_TESTS(tests);
}
