#ifndef ORDER_RULE_H
#define ORDER_RULE_H

#include "venue/refund_tier.h"

/* The refund rule of a venue, as an order keeps it: tiers, the most hours first.
 * The first tier whose hours still lie between now and the start decides, to the
 * microsecond; where none does, nothing is given back. Pure. */

/* What becomes of one price: the two add up to it. */
struct refund_share {
	money fee, refund;
};

struct refund_share refund_rule(const struct list *tiers, money price, stamp start, stamp now);

#endif
