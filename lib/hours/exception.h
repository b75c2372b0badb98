#ifndef HOURS_EXCEPTION_H
#define HOURS_EXCEPTION_H

#include "hours/hours.h"

/* Dates on which a venue has other hours than on their weekday, or none: closed. */

struct exception {
	int64_t id; /* the date as a number, 20261001: path and cursor */
	date day;
	int64_t version;
	const char *reason; /* may be NULL */
	raw_json hours;     /* [{"opens","closes"}] */
};
extern const struct shape exception_shape;
struct exception_in {
	date day; /* of a new one */
	const char *reason;
	struct list hours; /* of struct hours_line */
	struct outside_in outside;
};
enum { EXCEPTION_HOURS_MAX = 8, EXCEPTIONS_AHEAD = 400 };
extern const struct shape exception_new_shape, exception_edit_shape;

/* By date: those after `after`, but not before `from`. */
enum err exception_list(struct tx *, int64_t venue_id, date from, int64_t after, int64_t limit,
	struct list *) CHECKED;
enum err exception_load(struct tx *, int64_t venue_id, date, struct exception *) CHECKED;
/* E_NAME_TAKEN if the date has an exception already, E_BAD_FIELD if there are too many
 * ahead; for the hours as hours_save(). */
enum err exception_add(struct tx *, int64_t venue_id, const struct exception_in *,
	struct list *outside, struct refusal *) CHECKED;
/* Of the date in->day. */
enum err exception_save(struct tx *, int64_t venue_id, int64_t version,
	const struct exception_in *, struct list *outside, struct refusal *) CHECKED;
/* Then the weekday's hours are in force again: E_HOURS_OVERLAP. */
enum err exception_remove(struct tx *, int64_t venue_id, date, int64_t version,
	struct list *outside, struct refusal *) CHECKED;

#endif
