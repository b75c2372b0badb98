#ifndef HOURS_CHECK_H
#define HOURS_CHECK_H

#include "db/db.h"
#include "hours/hours.h"

/* Reading the opening hours that staff write; no database. */

struct hours_columns {
	struct ints weekday, opens, closes;
};

enum hours_of { WEEK, ONE_DAY };
enum { DAY_MINUTES = 1440 };

/* E_BAD_FIELD with *field "hours[2].closes" for a time that is none, or is not after the
 * opening; E_HOURS_OVERLAP with "hours[2]" for hours that overlap earlier ones of the list;
 * in a week also across midnight into the next day. */
enum err hours_check(struct arena *, const struct list *, enum hours_of, struct hours_columns *,
	const char **field) CHECKED;

/* Hours that are in force on a date. */
struct date_hours {
	int64_t venue_id;
	date day;
	int64_t weekday, opens, closes; /* weekday 0: they are an exception's */
};
/* In a list by venue, date and time: the first hours that end after the next ones, of
 * the next date, begin; or NULL. If `weekly`, only where at least one of the two is the
 * week's. */
const struct date_hours *hours_find_overlap(const struct list *, bool weekly);

#endif
