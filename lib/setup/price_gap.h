#ifndef SETUP_PRICE_GAP_H
#define SETUP_PRICE_GAP_H

#include "venue/price.h"

/* Whether every half hour in which a venue is open has a price. Pure rules, no
 * database; coverage.h applies them to what a transaction sees.
 *
 * The ordinary week stands for every date without an exception. A price rule for some
 * dates only doesn't count for it, because those dates pass. Holidays and 调休 days
 * need no check of their own: a rule that matches an ordinary weekday matches the same
 * weekday as a holiday and as a 调休 day, too. An exception is checked as the day
 * that it is, with the rules for its date. */

/* A court on sale. */
struct coverage_court {
	int64_t id, sport_id;
	const char *name, *sport;
};

/* One opening of a weekday, or of an exception. */
struct coverage_hours {
	date day;                        /* 0: of the ordinary week */
	int64_t weekday, opens, closes;  /* on a 调休 day the weekday it stands for */
	const char *day_kind, *day_name; /* NULL on an ordinary day */
};

struct coverage {
	struct list courts; /* of struct coverage_court */
	struct list hours;  /* of struct coverage_hours */
	struct list rules;  /* of struct price_rule, of all dates */
};

/* The minutes `from` … `to` of that court in those hours have no price; the half hour
 * before and the one after have one, or are not open. */
struct price_gap {
	const struct coverage_court *court;
	const struct coverage_hours *hours;
	int64_t from, to;
};

/* The first gap, by court and hours; false if there is none. */
bool price_gap_find(const struct coverage *, struct price_gap *out);

#endif
