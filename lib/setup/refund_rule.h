#ifndef SETUP_REFUND_RULE_H
#define SETUP_REFUND_RULE_H

#include "setup/edit.h"
#include "venue/refund_tier.h"

/* What a venue gives back for a cancelled period, as staff write it: one document. What was
 * sold keeps its rule; the rule is applied in order/rule.h. */

struct refund_rule {
	int64_t version;
	struct list tiers; /* of struct refund_tier, the most hours first */
};
extern const struct shape refund_rule_shape; /* reads the body, writes the answer */
enum err refund_rule_load(struct tx *, int64_t venue_id, struct refund_rule *) CHECKED;
/* For orders from now on. E_BAD_FIELD unless the hours descend; E_TIERS_RISE where who
 * cancels later would get more (refund_tiers_fall): "tiers[1].percent", "tiers[1].fee_fen". */
enum err refund_rule_save(
	struct tx *, int64_t venue_id, struct refund_rule *, struct refusal *) CHECKED;

#endif
