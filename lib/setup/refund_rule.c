#include "setup/refund_rule.h"

#include "base/buf.h"

static const struct field rule_fields[] = {
	FIELD(struct refund_rule, tiers, .min = 0, .max = REFUND_TIERS_MAX,
		.of = &refund_tier_shape),
};
const struct shape refund_rule_shape = SHAPE(struct refund_rule, rule_fields);

struct row {
	int64_t version;
	raw_json tiers;
};
static const struct field row_fields[] = {
	FIELD(struct row, version),
	FIELD(struct row, tiers),
};
static const struct shape row_shape = SHAPE(struct row, row_fields);
SQL(refund_rule_of_venue,
	"SELECT refund_version AS version, refund_tiers AS tiers FROM venue WHERE id = $1");

enum err refund_rule_load(struct tx *tx, int64_t venue_id, struct refund_rule *out)
{
	struct row row;

	TRY(db_one(tx, &refund_rule_of_venue, &row_shape, &row, A(venue_id)));
	out->version = row.version;
	return refund_tiers_read(tx->mem, row.tiers, &out->tiers);
}

SQL(refund_rule_version, "SELECT refund_version FROM venue WHERE id = $1");
SQL(refund_rule_put,
	"UPDATE venue SET refund_tiers = $3::jsonb, refund_version = refund_version + 1"
	" WHERE id = $1 AND " VERSION_IS("refund_version", "$2"));

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
	json_list(&b, NULL, &refund_tier_shape, &rule->tiers);
	db_queue_version(tx, &refund_rule_put, A(venue_id), A(rule->version), A(buf_text(&b)));
	db_ask_value(tx, &refund_rule_version, &rule->version, E_NOT_FOUND, A(venue_id));
	return db_sync(tx);
}
