#ifndef ORDER_RULE_H
#define ORDER_RULE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/shape.h"

/* The refund rule of a venue, as an order keeps it: tiers, the most hours first.
 * The first tier whose hours still lie between now and the start decides, to the
 * microsecond; where none does, nothing is given back. Pure. */

struct refund_tier {
	int64_t hours;   /* at least so many before the start */
	int64_t percent; /* of the price, rounded down to the fen */
	money fee_fen;   /* taken off what is left */
};

/* What becomes of one price: the two add up to it. */
struct refund_share {
	money fee, refund;
};

/* The JSON of orders.refund_tiers; E_INTERNAL if it has another form. */
enum err refund_tiers_read(struct arena *, raw_json, struct list *out) CHECKED;

struct refund_share refund_rule(const struct list *tiers, money price, stamp start, stamp now);

#endif
