#ifndef HOURS_OVERLAP_H
#define HOURS_OVERLAP_H

#include "setup/edit.h"

/* Hours may pass midnight, and what is sold then is of the date before. So the
 * hours in force on a date, by whatever put them there (the week, an exception,
 * a 调休 day), begin after those of the date before have ended; otherwise one half
 * hour would be on sale twice. An ordinary week sees to that itself (hours_check). */

struct night_ask {
	int64_t venue_id;         /* 0: of all venues */
	date day;                 /* with the date before and the one after; 0: all to come, as
	                           * far as hours of the week take part */
	const struct list *lines; /* of struct hours_line: what the body says; or NULL */
	const char *field;        /* of the body, if it has no lines */
};

/* E_HOURS_OVERLAP, with the field "hours[2]" where there are lines: detail
 * {"venue_id","date","from","to"}: what both that date and the one before sell. */
enum err nights_apart(struct tx *, const struct night_ask *, struct refusal *) CHECKED;

#endif
