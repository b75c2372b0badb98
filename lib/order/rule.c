#include "order/rule.h"

#include "base/time.h"

enum { PERCENT = 100 };

/* Whole hundreds apart from the rest, so that nothing grows beyond the price. */
static int64_t part_of(int64_t fen, int64_t percent)
{
	return fen / PERCENT * percent + fen % PERCENT * percent / PERCENT;
}

static int64_t refund_of(const struct refund_tier *tier, int64_t price)
{
	int64_t part = part_of(price, tier->percent);

	return part > tier->fee_fen.fen ? part - tier->fee_fen.fen : 0;
}

struct refund_share refund_rule(const struct list *tiers, money price, stamp start, stamp now)
{
	const struct refund_tier *tier = tiers->at;
	int64_t refund = 0;

	if (now.us >= start.us)
		return (struct refund_share){.fee = price};
	for (size_t i = 0; i < tiers->count; i++)
		if (start.us - now.us >= tier[i].hours * HOUR) {
			refund = refund_of(&tier[i], price.fen);
			break;
		}
	return (struct refund_share){{price.fen - refund}, {refund}};
}
