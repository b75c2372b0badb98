#ifndef VENUE_PRICE_H
#define VENUE_PRICE_H

#include "base/shape.h"

/* What a half hour costs: pure rules, no database. */

/* One line of a venue's price list. What is zero or NULL matches everything.
 * Weekdays are a mask, Monday 1, Tuesday 2, Wednesday 4 …; minutes count from
 * the play day's midnight and may pass 1440. With dates it is for these only, both of them
 * included; whoever looks for a price picks the rules of the date first. */
struct price_rule {
	int64_t id, sport_id, court_id, weekdays, opens, closes;
	const char *day_kind;  /* "holiday", "makeup" */
	date from_day, to_day; /* both or none */
	money hour_fen;        /* even, so that half of it is whole */
	int64_t position;      /* line in the venue's list */
};
extern const struct shape price_rule_shape; /* of a row with PRICE_RULE_COLUMNS */
#define PRICE_RULE_COLUMNS                                                               \
	"id, position, sport_id, court_id, weekdays, opens, closes, day_kind, from_day," \
	" to_day, hour_fen"

/* One step of one court. */
struct price_step {
	int64_t sport_id, court_id;
	const char *day_kind; /* NULL on an ordinary day */
	int weekday;          /* 1–7; on a 调休 day the one it stands for */
	int64_t minute;
};

/* The most specific rule that matches decides: a dated exception before the
 * kind of day (holiday, 调休) before the court before the sport before the
 * weekday before the narrower hours before the later line. NULL: no price. */
const struct price_rule *price_rule_for(
	const struct price_rule *, size_t count, const struct price_step *);

/* Why one rule wins against another. */
enum price_rank {
	RANK_DATED,
	RANK_DAY_KIND,
	RANK_COURT,
	RANK_SPORT,
	RANK_WEEKDAY,
	RANK_HOURS,
	RANK_POSITION,
	RANK_ID, /* only of rules that no list has put in order */
	RANKS
};
bool price_rule_matches(const struct price_rule *, const struct price_step *);
/* Positive if the first is the more specific; *by is the rank that decides. */
int64_t price_rule_compare(
	const struct price_rule *, const struct price_rule *, enum price_rank *by);

#endif
