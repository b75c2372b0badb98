#include "venue/refund_tier.h"

#include "base/json.h"

#include <string.h>

static const struct field tier_fields[] = {
	FIELD(struct refund_tier, hours, .min = 0, .max = REFUND_HOURS_MAX),
	FIELD(struct refund_tier, percent, .min = 0, .max = REFUND_PERCENT_MAX),
	FIELD(struct refund_tier, fee_fen, .min = 0, .max = REFUND_FEE_FEN_MAX),
};
const struct shape refund_tier_shape = SHAPE(struct refund_tier, tier_fields);

struct tiers {
	struct list tiers;
};
static const struct field tiers_fields[] = {
	FIELD(struct tiers, tiers, .max = REFUND_TIERS_MAX, .of = &refund_tier_shape),
};
static const struct shape tiers_shape = SHAPE(struct tiers, tiers_fields);

enum err refund_tiers_read(struct arena *mem, raw_json json, struct list *out)
{
	const char *text = arena_printf(mem, "{\"tiers\":%s}", json.text);
	struct json_fault fault = {0};
	struct tiers read;

	if (json_load(mem, text, strlen(text), &tiers_shape, JSON_STRICT, &read, &fault) !=
		E_OK)
		return E_INTERNAL;
	*out = read.tiers;
	return E_OK;
}
