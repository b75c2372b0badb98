#ifndef SETUP_EXPLAIN_H
#define SETUP_EXPLAIN_H

#include "setup/edit.h"
#include "venue/price.h"

/* Why a half hour of a court costs what it costs: which lines of the price list match it,
 * which one wins, and in what. The rule itself is price_rule_compare() in venue/price.h. */

struct price_question {
	int64_t court_id;
	date date;
	const char *time;
};

/* One line of the price list that matches the half hour. */
struct price_candidate {
	struct price_rule rule; /* position: the number of the line, from 1 */
	bool wins;
	const char *lost_by; /* in what the winner is more specific; NULL: this one wins */
	const char *opens, *closes;
	raw_json weekdays;
};

struct price_explanation {
	int64_t court_id, sport_id, weekday, date_weekday;
	const char *court, *sport, *time;
	const char *day_kind, *day_name; /* "normal", "holiday", "makeup" */
	date date;
	bool open;
	bool priced;
	money price_fen;   /* of the half hour; only if priced */
	struct list rules; /* of struct price_candidate: all that match, the winner first */
};
extern const struct shape price_explanation_shape;
/* E_NOT_FOUND for a court that is not the venue's, E_BAD_FIELD for a time that is none. */
enum err price_explanation_load(struct tx *, int64_t venue_id, const struct price_question *,
	struct price_explanation *, struct refusal *) CHECKED;

#endif
