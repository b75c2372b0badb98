#ifndef HOURS_CALENDAR_H
#define HOURS_CALENDAR_H

#include "setup/edit.h"
#include "venue/outside.h"

/* The platform's public holidays, and the 调休 days on which people work instead: on such
 * a day the hours and prices of another weekday are in force, in all venues. */

struct calendar_in {
	date day; /* of a new one */
	const char *kind, *name;
	int64_t as_weekday; /* of a makeup day: 1–5 */
	struct outside_in outside;
};
extern const struct shape calendar_new_shape, calendar_edit_shape;
struct calendar_day {
	int64_t id; /* the date as a number, 20261001: path and cursor */
	date day;
	int64_t version, as_weekday;
	const char *kind, *name;
};
extern const struct shape calendar_shape;

/* By date: those after `after`, but not before `from`. */
enum err calendar_list(
	struct tx *, date from, int64_t after, int64_t limit, struct list *) CHECKED;
enum err calendar_load(struct tx *, date, struct calendar_day *) CHECKED;
/* E_PRICE_HOLE if a venue has an exception on that date whose hours would have no price
 * on such a day; E_HOURS_OVERLAP if a venue would sell an hour under this date and under
 * the one before or after (overlap.h). *outside is of all venues. */
enum err calendar_add(struct tx *, const struct calendar_in *, struct list *outside,
	struct refusal *) CHECKED;
enum err calendar_save(struct tx *, int64_t version, const struct calendar_in *,
	struct list *outside, struct refusal *) CHECKED;
enum err calendar_remove(
	struct tx *, date, int64_t version, struct list *outside, struct refusal *) CHECKED;

#endif
