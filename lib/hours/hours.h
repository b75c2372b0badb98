#ifndef HOURS_HOURS_H
#define HOURS_HOURS_H

#include "setup/edit.h"
#include "venue/outside.h"

/* The opening hours of a week, as staff write them: one document. Dates that differ are
 * exceptions (exception.h). Times are "HH:MM" (venue/clock.h). What was sold stays sold;
 * a save lists the periods that now lie outside, and may choose for them (venue/outside.h). */

struct hours_line {
	int64_t weekday; /* ISO, Monday 1; 0 in a dated exception */
	const char *opens, *closes;
};
extern const struct shape hours_line_shape; /* of a week */
struct hours_doc {
	int64_t version;
	struct list hours;         /* of struct hours_line, by weekday and time */
	struct outside_in outside; /* only of a body */
};
enum { HOURS_MAX = 56 };
extern const struct shape hours_doc_shape, hours_edit_shape;

enum err hours_load(struct tx *, int64_t venue_id, struct hours_doc *) CHECKED;
/* E_VERSION_CHANGED unless doc->version is still the venue's; E_BAD_FIELD for times that
 * are none, and for hours that end before they begin; E_HOURS_OVERLAP for hours that do,
 * also after midnight (check.h), or with an exception or a 调休 day (overlap.h); E_PRICE_HOLE
 * (setup/coverage.h); E_SOLD_OUTSIDE. *doc becomes what is stored now. */
enum err hours_save(struct tx *, int64_t venue_id, struct hours_doc *, struct list *outside,
	struct refusal *) CHECKED;

#endif
