#ifndef HOURS_HOURS_H
#define HOURS_HOURS_H

#include "setup/edit.h"

/* When a venue is open, as staff write it: the hours of a week as one document,
 * and dates that differ. Times are "HH:MM" (lib/venue/clock.h). What was sold
 * stays sold; a save tells which periods now lie outside. */

struct hours_line {
	int64_t weekday; /* ISO, Monday 1; 0 in a dated exception */
	const char *opens, *closes;
};
struct hours_doc {
	int64_t version;
	struct list hours; /* of struct hours_line, by weekday and time */
};
enum { HOURS_MAX = 56 };
extern const struct shape hours_doc_shape; /* reads the body, writes the answer */

enum err hours_load(struct tx *, int64_t venue_id, struct hours_doc *) CHECKED;
/* E_VERSION_CHANGED unless doc->version is still the venue's; E_BAD_FIELD for
 * times that are none, end before they begin or overlap (also the next
 * morning's); E_HOURS_OVERLAP (hours/overlap.h) with dates that differ; E_PRICE_HOLE.
 * doc->version becomes the new one. */
enum err hours_save(struct tx *, int64_t venue_id, struct hours_doc *, struct list *outside,
	struct refusal *) CHECKED;

/* A date with other hours; with none of them it is closed. */
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
};
enum { EXCEPTION_HOURS_MAX = 8, EXCEPTIONS_AHEAD = 400 };
extern const struct shape exception_new_shape, exception_edit_shape;

/* By date, from behind `after` and not before `from`. */
enum err exception_list(struct tx *, int64_t venue_id, date from, int64_t after, int64_t limit,
	struct list *) CHECKED;
enum err exception_load(struct tx *, int64_t venue_id, date, struct exception *) CHECKED;
/* E_NAME_TAKEN if the date has one; E_HOURS_OVERLAP, E_PRICE_HOLE. */
enum err exception_add(struct tx *, int64_t venue_id, const struct exception_in *,
	struct list *outside, struct refusal *) CHECKED;
/* `in->day` is the one to change. */
enum err exception_save(struct tx *, int64_t venue_id, int64_t version,
	const struct exception_in *, struct list *outside, struct refusal *) CHECKED;
/* The weekday's hours are in force again: E_HOURS_OVERLAP. */
enum err exception_remove(struct tx *, int64_t venue_id, date, int64_t version,
	struct list *outside, struct refusal *) CHECKED;

/* 20261001 as a date; false for a number that is none. */
bool day_of_number(int64_t number, date *);

#endif
