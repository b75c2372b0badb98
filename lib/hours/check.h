#ifndef HOURS_CHECK_H
#define HOURS_CHECK_H

#include "db/db.h"
#include "hours/hours.h"

/* Reading what staff write down as opening hours; no I/O. */

struct hours_columns {
	struct ints weekday, opens, closes;
};

enum hours_of { WEEK, ONE_DAY };
enum { DAY_MINUTES = 1440 };

/* E_BAD_FIELD with *field: "hours[2].closes" for a time that is none or not
 * after its opening, "hours[2]" for hours that overlap earlier ones of the list;
 * in a week also across midnight into the next day. */
enum err hours_check(struct arena *, const struct list *, enum hours_of, struct hours_columns *,
	const char **field) CHECKED;

/* Hours of a date, as they are in force. */
struct date_hours {
	int64_t venue_id;
	date day;
	int64_t weekday, opens, closes; /* weekday 0: they are an exception's */
};
/* Of hours by venue, date and time the first that end after the next ones begin,
 * which are of the next date; NULL: none do. If `weekly`, only such as the week's
 * hours are one side of. */
const struct date_hours *hours_collide(const struct list *, bool weekly);

#endif
