/* Instants and dates as texts, against the C library's calendar. */
#include "test.h"

#include "base/err.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* clang-format off */
static const struct {
	const char *says, *text;
	int64_t us;
} good[] = {
	{ "the beginning", "1970-01-01T00:00:00Z", 0 },
	{ "the beginning, in China", "1970-01-01T08:00:00+08:00", 0 },
	{ "before the beginning", "1970-01-01T00:00:00+08:00", -8 * HOUR },
	{ "small letters", "1970-01-01t00:00:01z", SECOND },
	{ "no offset, written as minus", "1970-01-01T00:00:01-00:00", SECOND },
	{ "west of Greenwich", "1970-01-01T00:00:00-03:30", 3 * HOUR + 30 * MINUTE },
	{ "the widest offset", "1970-01-02T00:00:00+23:59", MINUTE },
	{ "the year ends elsewhere first", "1999-12-31T23:59:59-08:00", 946713599 * SECOND },
	{ "one digit of a fraction", "1970-01-01T00:00:00.5Z", 500000 },
	{ "six digits", "1970-01-01T00:00:00.000001Z", 1 },
	{ "the seventh is cut", "1970-01-01T00:00:00.9999999Z", 999999 },
	{ "as many as WeChat may send",
	  "1970-01-01T00:00:00.123456789+08:00", -8 * HOUR + 123456 },
	{ "a fraction before 1970", "1970-01-01T00:00:00.25+00:01", -MINUTE + 250000 },
	{ "a leap day", "2024-02-29T12:00:00Z", 1709208000 * SECOND },
	{ "the leap day of a century", "2000-02-29T00:00:00Z", 951782400 * SECOND },
	{ "China's evening", "2026-11-23T18:00:00+08:00", 1795428000 * SECOND },
	{ "the last second", "2199-12-31T23:59:59Z", 7258118399 * SECOND },
};

static const struct {
	const char *says, *text;
} bad[] = {
	{ "nothing", "" },
	{ "a date", "2026-11-23" },
	{ "no offset", "2026-11-23T18:00:00" },
	{ "no seconds", "2026-11-23T18:00+08:00" },
	{ "a blank for the T", "2026-11-23 18:00:00Z" },
	{ "a blank in front", " 2026-11-23T18:00:00Z" },
	{ "a blank behind", "2026-11-23T18:00:00Z " },
	{ "two offsets", "2026-11-23T18:00:00Z+08:00" },
	{ "an offset without colon", "2026-11-23T18:00:00+0800" },
	{ "an offset of hours only", "2026-11-23T18:00:00+08" },
	{ "an offset of one digit", "2026-11-23T18:00:00+8:00" },
	{ "an offset with seconds", "2026-11-23T18:00:00+08:00:00" },
	{ "an offset of a day", "2026-11-23T18:00:00+24:00" },
	{ "an offset of sixty minutes", "2026-11-23T18:00:00+07:60" },
	{ "a zone's name", "2026-11-23T18:00:00 CST" },
	{ "a point without digits", "2026-11-23T18:00:00.Z" },
	{ "a comma for the point", "2026-11-23T18:00:00,5Z" },
	{ "24 o'clock", "2026-11-23T24:00:00Z" },
	{ "minute 60", "2026-11-23T18:60:00Z" },
	{ "a leap second", "2016-12-31T23:59:60Z" },
	{ "a sign in the hour", "2026-11-23T+8:00:00Z" },
	{ "a blank in the hour", "2026-11-23T 8:00:00Z" },
	{ "month 0", "2026-00-23T18:00:00Z" },
	{ "month 13", "2026-13-23T18:00:00Z" },
	{ "day 0", "2026-11-00T18:00:00Z" },
	{ "day 31 of a short month", "2026-11-31T18:00:00Z" },
	{ "29 February", "2026-02-29T18:00:00Z" },
	{ "29 February of a century", "2100-02-29T18:00:00Z" },
	{ "30 February", "2024-02-30T18:00:00Z" },
	{ "before the first year", "1969-12-31T23:59:59Z" },
	{ "behind the last year", "2200-01-01T00:00:00Z" },
	{ "a year of five digits", "12026-11-23T18:00:00Z" },
	{ "a negative year", "-026-11-23T18:00:00Z" },
	{ "slashes", "2026/11/23T18:00:00Z" },
	{ "no dashes", "20261123T180000Z" },
	{ "Unix seconds", "1795428000" },
	{ "a week date", "2026-W48-1T18:00:00Z" },
	{ "full-width digits", "２０２６-11-23T18:00:00Z" },
	{ "digits without end", "2026-11-23T18:00:00.00000000000000000000000000000000Z" },
};

static const char *const bad_dates[] = {
	"", "2026", "2026-11", "2026-1-1", "2026-11-2", "2026-11-233", "2026-11-23 ",
	  " 2026-11-23",
	"2026-11-23T", "26-11-23", "2026/11/23", "2026-11_23", "20261123", "2026-00-10",
	  "2026-13-10",
	"2026-04-31", "2026-02-29", "1900-02-28", "2200-01-01", "2026-+1-01", "2026-0x-01",
	  "today",
};
/* clang-format on */

static void good_instants_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		stamp t = {-1};

		if (!stamp_parse(good[i].text, &t))
			fail_msg("%s: refused", good[i].says);
		if (t.us != good[i].us)
			fail_msg("%s: %lld", good[i].says, (long long)t.us);
	}
}

static void bad_instants_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		stamp t;

		if (stamp_parse(bad[i].text, &t))
			fail_msg("%s: %lld", bad[i].says, (long long)t.us);
	}
}

static void bad_dates_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad_dates); i++) {
		date d;

		if (date_parse(bad_dates[i], &d))
			fail_msg("\"%s\" is %d", bad_dates[i], (int)d.days);
	}
}

static void in_a_zone_an_instant_has_its_offset(void **state)
{
	static const struct {
		const char *zone, *text;
		int64_t us;
	} cases[] = {
		{NULL, "2026-11-23T18:00:00+08:00", 1795428000 * SECOND},
		{"Asia/Shanghai", "2026-11-23T18:00:00+08:00", 1795428000 * SECOND},
		{"Asia/Tokyo", "2026-11-23T19:00:00.000001+09:00", 1795428000 * SECOND + 1},
		{"Asia/Kolkata", "2026-11-23T15:30:00+05:30", 1795428000 * SECOND},
		{"Etc/GMT+12", "2026-11-22T22:00:00-12:00", 1795428000 * SECOND},
		{"UTC", "2026-11-23T10:00:00+00:00", 1795428000 * SECOND},
		/* before and after clocks go forward, on 8 March 2026 */
		{"America/New_York", "2026-03-08T01:59:59-05:00", 1772953199 * SECOND},
		{"America/New_York", "2026-03-08T03:00:00-04:00", 1772953200 * SECOND},
		{NULL, "2026-03-08T15:00:00+08:00", 1772953200 * SECOND},
	};
	char text[STAMP_TEXT];
	stamp back;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		stamp_write_in(text, (stamp){cases[i].us}, cases[i].zone);
		assert_string_equal(text, cases[i].text);
		assert_true(stamp_parse(text, &back));
		assert_int_equal(back.us, cases[i].us);
	}
}

/* The same instant by gmtime_r, in China's time. */
static const char *by_libc(char out[STAMP_TEXT], int64_t us)
{
	int64_t fraction = (us % SECOND + SECOND) % SECOND;
	time_t s = (us - fraction) / SECOND + 8L * 3600;
	struct tm tm;
	char tail[16] = "";

	gmtime_r(&s, &tm);
	if (fraction)
		snprintf(tail, sizeof(tail), ".%06d", (int)fraction);
	size_t n = strftime(out, STAMP_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, STAMP_TEXT - n, "%s+08:00", tail);
	return out;
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return *seed >> 11;
}

static void random_instants_are_written_like_libc_and_read_back(void **state)
{
	const int64_t end = 7258089600 * SECOND; /* 2200 begins in China */
	uint64_t seed = 20261123;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char mine[STAMP_TEXT], libc[STAMP_TEXT];
		stamp t = {(int64_t)(next_random(&seed) % (uint64_t)end)}, back = {-1};

		if (i % 2)
			t.us -= t.us % SECOND;
		assert_string_equal(stamp_write(mine, t), by_libc(libc, t.us));
		if (!stamp_parse(mine, &back) || back.us != t.us)
			fail_msg("%s: %lld", mine, (long long)back.us);
	}
}

static void random_texts_are_read_like_timegm(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct tm tm = {.tm_year = (int)(70 + next_random(&seed) % 230),
			.tm_mon = (int)(next_random(&seed) % 12),
			.tm_mday = (int)(1 + next_random(&seed) % 28),
			.tm_hour = (int)(next_random(&seed) % 24),
			.tm_min = (int)(next_random(&seed) % 60),
			.tm_sec = (int)(next_random(&seed) % 60)};
		int east = (int)(next_random(&seed) % 2880) - 1440;
		char text[64];
		stamp t = {-1};

		east -= east % 1440 == 0 ? east : 0; /* 24:00 is no offset */
		size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		int minutes = east < 0 ? -east : east;
		snprintf(text + n, sizeof(text) - n, "%c%02d:%02d", east < 0 ? '-' : '+',
			minutes / 60, minutes % 60);
		int64_t want = (timegm(&tm) - (int64_t)east * 60) * SECOND;
		if (!stamp_parse(text, &t) || t.us != want)
			fail_msg("%s: %lld", text, (long long)t.us);
	}
}

static void instants_before_1970_are_written_too(void **state)
{
	char mine[STAMP_TEXT], libc[STAMP_TEXT];

	(void)state;
	for (int64_t us = -3; us <= 3; us++) {
		stamp t = {us};
		stamp day = {-8 * HOUR + us};
		stamp old = {-2208988800 * SECOND + us}; /* 1900 */

		assert_string_equal(stamp_write(mine, t), by_libc(libc, t.us));
		assert_string_equal(stamp_write(mine, day), by_libc(libc, day.us));
		assert_string_equal(stamp_write(mine, old), by_libc(libc, old.us));
	}
}

/* Every day of 230 years: its text, its weekday, and back. */
static void every_date_is_libcs(void **state)
{
	const int32_t end = 84006; /* 2200-01-01 */

	(void)state;
	for (date d = {0}; d.days < end; d.days++) {
		time_t s = (time_t)d.days * 86400;
		char mine[DATE_TEXT], libc[DATE_TEXT];
		struct tm tm;
		date back = {-1};

		gmtime_r(&s, &tm);
		strftime(libc, sizeof(libc), "%Y-%m-%d", &tm);
		assert_string_equal(date_write(mine, d), libc);
		assert_int_equal(date_weekday(d), tm.tm_wday ? tm.tm_wday : 7);
		assert_true(date_parse(mine, &back) && back.days == d.days);
	}
}

static void no_month_has_a_day_more_than_it_has(void **state)
{
	(void)state;
	for (int year = 1970; year < 2200; year++)
		for (int month = 1; month <= 12; month++) {
			bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
			int last = month == 2 ? 28 + leap
				   : month == 4 || month == 6 || month == 9 || month == 11 ? 30
											   : 31;
			char text[32];
			date d;

			snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, last);
			assert_true(date_parse(text, &d));
			snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, last + 1);
			assert_false(date_parse(text, &d));
		}
}

static void weekdays_before_1970_go_on_backwards(void **state)
{
	(void)state;
	assert_int_equal(date_weekday((date){0}), 4);
	assert_int_equal(date_weekday((date){-1}), 3);
	assert_int_equal(date_weekday((date){-4}), 7);
	assert_int_equal(date_weekday((date){-25567}), 1); /* 1900-01-01 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_instants_are_read),
		cmocka_unit_test(bad_instants_are_refused),
		cmocka_unit_test(in_a_zone_an_instant_has_its_offset),
		cmocka_unit_test(bad_dates_are_refused),
		cmocka_unit_test(random_instants_are_written_like_libc_and_read_back),
		cmocka_unit_test(random_texts_are_read_like_timegm),
		cmocka_unit_test(instants_before_1970_are_written_too),
		cmocka_unit_test(every_date_is_libcs),
		cmocka_unit_test(no_month_has_a_day_more_than_it_has),
		cmocka_unit_test(weekdays_before_1970_go_on_backwards),
	};

	return RUN_TESTS(tests);
}
