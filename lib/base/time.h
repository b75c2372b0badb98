#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/shape.h"

/* Instants are microseconds since 1970 in UTC; dates are days since 1970 in a
 * venue's own zone. On the wire an instant is RFC 3339, of a venue with that venue's offset,
 * else with China's, +08:00; any offset is read. */

#define SECOND 1000000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

enum { STAMP_TEXT = 40, DATE_TEXT = 16 };

stamp stamp_now(void);
int64_t clock_ms(void); /* monotonic, for time-outs and durations */
int64_t clock_us(void); /* the same, finer */

/* "2026-11-23T18:00:00+08:00", with microseconds only where there are some. */
const char *stamp_write(char out[STAMP_TEXT], stamp);
/* The same in another time zone, by its IANA name; NULL: China's. The C library has one zone
 * at a time, so this is for what a person reads, not for a loop over zones. */
const char *stamp_write_in(char out[STAMP_TEXT], stamp, const char *zone);
/* False for anything but a full RFC 3339 date-time of the years 1970–2199. */
bool stamp_parse(const char *text, stamp *out);

const char *date_write(char out[DATE_TEXT], date);
bool date_parse(const char *text, date *out); /* "YYYY-MM-DD", a date that exists */
int date_weekday(date);                       /* Monday 1 … Sunday 7 */

#endif
