#ifndef VENUE_REFUND_TIER_H
#define VENUE_REFUND_TIER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/shape.h"

/* One line of a venue's refund rule (退改规则): staff write them (setup/refund_rule.h), an
 * order keeps those it was sold under and gives back by them (order/rule.h). */

struct refund_tier {
	int64_t hours;   /* at least so many before the start */
	int64_t percent; /* of the price, rounded down to the fen */
	money fee_fen;   /* taken off what is left */
};
extern const struct shape refund_tier_shape;

/* The constraint venue_refund_tiers_form has the same limits; a store test compares them.
 * Orders keep their tiers for good, so a limit may be raised, and never lowered. */
enum {
	REFUND_TIERS_MAX = 10,
	REFUND_HOURS_MAX = 8760,
	REFUND_PERCENT_MAX = 100,
	REFUND_FEE_FEN_MAX = 1000000
};

/* The JSON of a column refund_tiers as a list of struct refund_tier; E_INTERNAL if it has
 * another form. */
enum err refund_tiers_read(struct arena *, raw_json, struct list *out) CHECKED;

#endif
