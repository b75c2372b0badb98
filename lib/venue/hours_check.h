#ifndef VENUE_HOURS_CHECK_H
#define VENUE_HOURS_CHECK_H

#include "io/db.h"
#include "venue/hours.h"

/* Reading what staff write down as opening hours; no I/O. */

struct hours_columns {
	struct ints weekday, opens, closes;
};

enum hours_of { WEEK, ONE_DAY };

/* E_BAD_FIELD with *field: "hours[2].closes" for a time that is none or not
 * after its opening, "hours[2]" for hours that overlap earlier ones of the list;
 * in a week also across midnight into the next day. */
enum err hours_check(struct arena *, const struct list *, enum hours_of, struct hours_columns *,
	const char **field) CHECKED;

#endif
