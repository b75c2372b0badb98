#ifndef HOURS_OVERLAP_H
#define HOURS_OVERLAP_H

#include "setup/edit.h"

/* No half hour is on sale under two dates. Hours may pass midnight; what is sold then
 * belongs to the date before. So the hours in force on a date, whatever put them there
 * (the week, an exception, a 调休 day), must begin after those of the date before have
 * ended. Within an ordinary week hours_check() already sees to that. */

struct overlap_params {
	int64_t venue_id; /* 0: of all venues */
	date day;         /* this date, the one before and the one after; 0: all dates to
	                           * come, where hours of the week take part */
	const struct list *lines; /* of struct hours_line: the body's; or NULL */
	const char *field;        /* of the body, if it has no lines */
};

/* E_HOURS_OVERLAP, with the field "hours[2]" where there are lines: detail
 * {"venue_id","date","from","to"}: what both that date and the one before would sell. */
enum err overlap_check(struct tx *, const struct overlap_params *, struct refusal *) CHECKED;

#endif
