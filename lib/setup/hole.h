#ifndef SETUP_HOLE_H
#define SETUP_HOLE_H

#include "venue/price.h"

/* Whether every half hour in which a venue is open has a price. Pure rules, no
 * database.
 *
 * An ordinary week stands for every date without an exception: rules for dates
 * come and go, so only the others count for it; and a rule that matches an
 * ordinary weekday matches it as a holiday and as a 调休 day too, so that those
 * need no look of their own. A dated exception is looked at as the day that it
 * is, with the rules for its date. */

/* A court on sale; or a sport that has no court yet: id 0, name NULL. */
struct hole_court {
	int64_t id, sport_id;
	const char *name, *sport;
};

/* One opening of a weekday, or of a dated exception. */
struct hole_hours {
	date day;                        /* 0: of the ordinary week */
	int64_t weekday, opens, closes;  /* on a 调休 day the weekday it stands for */
	const char *day_kind, *day_name; /* NULL on an ordinary day */
};

struct hole_frame {
	struct list courts; /* of struct hole_court */
	struct list hours;  /* of struct hole_hours */
	struct list rules;  /* of struct price_rule, with position and to_day */
};

/* The minutes from … to of that court and those hours have no price, and the
 * half hours before and behind do, or are not open. */
struct hole {
	const struct hole_court *court;
	const struct hole_hours *hours;
	int64_t from, to;
};

/* The first one, by court and hours; false if there is none. */
bool hole_find(const struct hole_frame *, struct hole *out);

#endif
