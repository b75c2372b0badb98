#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHINA "Asia/Shanghai"
enum { CHINA_OFFSET_S = 8 * 3600, YEAR_MIN = 1970, YEAR_MAX = 2199 };

stamp stamp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (stamp){t.tv_sec * SECOND + t.tv_nsec / 1000};
}

int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/* Civil calendar to days and back, proleptic Gregorian, by the era method. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct civil {
	int64_t y, m, d;
};

static struct civil civil_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t m = mp < 10 ? mp + 3 : mp - 9;

	return (struct civil){yoe + era * 400 + (m <= 2), m, doy - (153 * mp + 2) / 5 + 1};
}

/* Exactly `width` digits; -1 if one is not a digit. */
static int64_t digits(const char *s, int width)
{
	int64_t n = 0;

	for (int i = 0; i < width; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n;
}

/* Digits of `width` places, written without stdio: a grid has hundreds. */
static char *put(char *at, int64_t v, int width)
{
	for (int i = width - 1; i >= 0; i--, v /= 10)
		at[i] = (char)('0' + v % 10);
	return at + width;
}

static char *put_date(char *at, int64_t days)
{
	struct civil c = civil_of(days);

	at = put(at, c.y, 4);
	*at++ = '-';
	at = put(at, c.m, 2);
	*at++ = '-';
	return put(at, c.d, 2);
}

const char *date_write(char out[DATE_TEXT], date d)
{
	*put_date(out, d.days) = '\0';
	return out;
}

bool date_parse(const char *s, date *out)
{
	int64_t y, m, d;

	if (strlen(s) < 10 || s[4] != '-' || s[7] != '-' || s[10] != '\0')
		return false;
	y = digits(s, 4);
	m = digits(s + 5, 2);
	d = digits(s + 8, 2);
	if (y < YEAR_MIN || y > YEAR_MAX || m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	out->days = (int32_t)days_of(y, m, d);
	return civil_of(out->days).d == d; /* the 31st of a short month rolls over */
}

int date_weekday(date d)
{
	return (int)(((d.days + 3) % 7 + 7) % 7) + 1; /* 1970-01-01 was a Thursday */
}

/* Seconds east of Greenwich. */
static int64_t offset_of(const char *zone, int64_t s)
{
	static char current[64];
	time_t at = (time_t)s;
	struct tm local;

	if (!zone || strcmp(zone, CHINA) == 0)
		return CHINA_OFFSET_S;
	if (strcmp(zone, current) != 0) {
		snprintf(current, sizeof(current), "%s", zone);
		setenv("TZ", zone, 1);
		tzset();
	}
	return localtime_r(&at, &local) ? local.tm_gmtoff / 60 * 60 : CHINA_OFFSET_S;
}

static char *put_offset(char *at, int64_t east)
{
	int64_t minutes = (east < 0 ? -east : east) / 60;

	*at++ = east < 0 ? '-' : '+';
	at = put(at, minutes / 60, 2);
	*at++ = ':';
	at = put(at, minutes % 60, 2);
	*at = '\0';
	return at;
}

const char *stamp_write(char out[STAMP_TEXT], stamp t)
{
	return stamp_write_in(out, t, NULL);
}

const char *stamp_write_in(char out[STAMP_TEXT], stamp t, const char *zone)
{
	int64_t s = t.us / SECOND, us = t.us % SECOND;

	if (us < 0) {
		us += SECOND;
		s--;
	}
	int64_t east = offset_of(zone, s);
	s += east;
	int64_t day = s / 86400, of_day = s % 86400;
	if (of_day < 0) {
		of_day += 86400;
		day--;
	}
	char *at = put_date(out, day);
	*at++ = 'T';
	at = put(at, of_day / 3600, 2);
	*at++ = ':';
	at = put(at, of_day / 60 % 60, 2);
	*at++ = ':';
	at = put(at, of_day % 60, 2);
	if (us) {
		*at++ = '.';
		at = put(at, us, 6);
	}
	put_offset(at, east);
	return out;
}

/* ".123456" → microseconds; more digits are cut. Moves *s behind them. */
static bool parse_fraction(const char **s, int64_t *us)
{
	int64_t unit = 100000;

	*us = 0;
	if (**s != '.')
		return true;
	const char *p = *s + 1;
	for (; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*us += unit * (*p - '0');
	bool some = p > *s + 1;
	*s = p;
	return some;
}

/* "Z" or "+08:00" → seconds east. */
static bool parse_offset(const char *s, int64_t *east)
{
	*east = 0;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':')
		return false;
	int64_t h = digits(s + 1, 2), m = digits(s + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*east = (*s == '-' ? -1 : 1) * (h * 3600 + m * 60);
	return true;
}

bool stamp_parse(const char *s, stamp *out)
{
	char day[11] = "";
	date d;
	int64_t us, east;

	if (strlen(s) < 20 || strlen(s) >= STAMP_TEXT || (s[10] != 'T' && s[10] != 't') ||
		s[13] != ':' || s[16] != ':')
		return false;
	memcpy(day, s, 10);
	int64_t h = digits(s + 11, 2), m = digits(s + 14, 2), sec = digits(s + 17, 2);
	if (!date_parse(day, &d) || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return false;
	s += 19;
	if (!parse_fraction(&s, &us) || !parse_offset(s, &east))
		return false;
	out->us = ((int64_t)d.days * 86400 + h * 3600 + m * 60 + sec - east) * SECOND + us;
	return true;
}
