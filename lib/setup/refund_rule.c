#include "setup/refund_rule.h"

#include "base/buf.h"
#include "base/json.h"

#include <string.h>

enum { HOURS_BEFORE_MAX = 8760, FEE_FEN_MAX = 1000000 };

static const struct field tier_fields[] = {
	FIELD(struct refund_tier, hours, .min = 0, .max = HOURS_BEFORE_MAX),
	FIELD(struct refund_tier, percent, .min = 0, .max = 100),
	FIELD(struct refund_tier, fee_fen, .min = 0, .max = FEE_FEN_MAX),
};
static const struct shape tier_shape = SHAPE(struct refund_tier, tier_fields);
static const struct field rule_fields[] = {
	FIELD(struct refund_rule, tiers, .min = 0, .max = TIERS_MAX, .of = &tier_shape),
};
const struct shape refund_rule_shape = SHAPE(struct refund_rule, rule_fields);

struct row {
	int64_t version;
	raw_json rule;
};
static const struct field row_fields[] = {
	FIELD(struct row, version),
	FIELD(struct row, rule),
};
static const struct shape row_shape = SHAPE(struct row, row_fields);
SQL(refund_rule_of_venue,
	"SELECT refund_version AS version, jsonb_build_object('tiers', refund_tiers) AS rule"
	" FROM venue WHERE id = $1");

enum err refund_rule_load(struct tx *tx, int64_t venue_id, struct refund_rule *out)
{
	struct json_fault fault;
	struct row row;

	TRY(db_one(tx, &refund_rule_of_venue, &row_shape, &row, A(venue_id)));
	if (json_load(tx->mem, row.rule.text, strlen(row.rule.text), &refund_rule_shape,
		    JSON_STRICT, out, &fault) != E_OK)
		return E_INTERNAL;
	out->version = row.version;
	return E_OK;
}

SQL(refund_rule_put,
	"UPDATE venue SET refund_tiers = $3::jsonb, refund_version = refund_version + 1"
	" WHERE id = $1 AND refund_version = $2");

enum err refund_rule_save(
	struct tx *tx, int64_t venue_id, struct refund_rule *rule, struct refusal *why)
{
	const struct refund_tier *tier = rule->tiers.at;
	struct buf b = buf_in(tx->mem, 4096);

	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	for (size_t i = 1; i < rule->tiers.count; i++)
		if (tier[i].hours >= tier[i - 1].hours) {
			why->field = arena_printf(tx->mem, "tiers[%zu].hours", i);
			return E_BAD_FIELD;
		}
	json_list(&b, NULL, &tier_shape, &rule->tiers);
	db_queue_version(tx, &refund_rule_put, A(venue_id), A(rule->version), A(buf_text(&b)));
	rule->version++;
	return db_sync(tx);
}
