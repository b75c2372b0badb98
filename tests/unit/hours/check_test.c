/* Opening hours as staff write them down, and of neighbouring dates. */
#include "test.h"

#include "base/err.h"
#include "hours/check.h"

#include <string.h>

enum { MON = 1, TUE, EXCEPTION = 0, LATE = 1560 /* 26:00 */, EARLY = 60 };

/* clang-format off */
static const struct {
	const char *says;
	struct date_hours hours[3]; /* up to one that doesn't close */
	bool weekly;
	int first; /* -1: none */
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
		const struct date_hours *found = hours_find_overlap(&list, cases[i].weekly);
		if ((found ? (int)(found - hours) : -1) != cases[i].first)
			fail_msg("%s", cases[i].says);
	}
}

/* clang-format off */
static struct {
	const char *says;
	enum hours_of of;
	struct hours_line lines[3];
	const char *field; /* NULL: fine */
} written[] = {
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
	for (size_t i = 0; i < COUNT_OF(written); i++) {
		struct list lines = {written[i].lines, 0};
		struct hours_columns columns;
		const char *field = NULL;

		while (lines.count < 3 && written[i].lines[lines.count].opens)
			lines.count++;
		enum err err = hours_check(mem, &lines, written[i].of, &columns, &field);
		const char *want = written[i].field;
		bool overlap = want && strcmp(want, "hours[1]") == 0;
		if (err != (!want            ? E_OK
				   : overlap ? E_HOURS_OVERLAP
					     : E_BAD_FIELD) ||
			(field && want && strcmp(field, want) != 0))
			fail_msg("%s: %s", written[i].says, field ? field : "fine");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_night_that_reaches_the_next_dates_hours_is_found),
		cmocka_unit_test(hours_are_checked_by_the_table),
	};

	return RUN_TESTS(tests);
}
