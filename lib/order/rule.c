#include "order/rule.h"

#include "base/json.h"
#include "base/time.h"

#include <string.h>

enum { TIERS_MAX = 10, HOURS_MAX = 8760, PERCENT = 100 };

static const struct field tier_fields[] = {
	FIELD(struct refund_tier, hours, .min = 0, .max = HOURS_MAX),
	FIELD(struct refund_tier, percent, .min = 0, .max = PERCENT),
	FIELD(struct refund_tier, fee_fen, .min = 0, .max = ID_MAX),
};
static const struct shape tier_shape = SHAPE(struct refund_tier, tier_fields);

struct rule {
	struct list tiers;
};
static const struct field rule_fields[] = {
	FIELD(struct rule, tiers, .max = TIERS_MAX, .of = &tier_shape),
};
static const struct shape rule_shape = SHAPE(struct rule, rule_fields);

enum err refund_tiers_read(struct arena *mem, raw_json tiers, struct list *out)
{
	const char *text = arena_printf(mem, "{\"tiers\":%s}", tiers.text);
	struct json_fault fault = {0};
	struct rule rule;

	if (json_load(mem, text, strlen(text), &rule_shape, JSON_STRICT, &rule, &fault) != E_OK)
		return E_INTERNAL;
	*out = rule.tiers;
	return E_OK;
}

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
