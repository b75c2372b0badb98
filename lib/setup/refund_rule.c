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

/* The first tier that gives back a larger part than the one before, or takes a smaller fee.
 * One that gives nothing may take any. */
static enum err check_tiers(struct arena *mem, const struct list *tiers, const char **field)
{
	const struct refund_tier *tier = tiers->at;

	for (size_t i = 1; i < tiers->count; i++) {
		const struct refund_tier *before = &tier[i - 1];
		bool hours = tier[i].hours >= before->hours;
		bool percent = tier[i].percent > before->percent;
		bool fee = tier[i].percent > 0 && tier[i].fee_fen.fen < before->fee_fen.fen;

		if (!hours && !percent && !fee)
			continue;
		*field = arena_printf(mem, "tiers[%zu].%s", i,
			hours     ? "hours"
			: percent ? "percent"
				  : "fee_fen");
		return hours ? E_BAD_FIELD : E_TIERS_RISE;
	}
	return E_OK;
}

enum err refund_rule_save(
	struct tx *tx, int64_t venue_id, struct refund_rule *rule, struct refusal *why)
{
	struct buf b = buf_in(tx->mem, 4096);

	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	TRY(check_tiers(tx->mem, &rule->tiers, &why->field));
	json_list(&b, NULL, &refund_tier_shape, &rule->tiers);
	db_queue_version(tx, &refund_rule_put, A(venue_id), A(rule->version), A(buf_text(&b)));
	db_ask_value(tx, &refund_rule_version, &rule->version, E_NOT_FOUND, A(venue_id));
	return db_sync(tx);
}
