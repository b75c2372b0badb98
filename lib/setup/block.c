#include "setup/block.h"

#include "base/time.h"
#include "setup/sold.h"
#include "venue/day.h"

#define BLOCK_IN                                                              \
	FIELD(struct block_in, start), FIELD(struct block_in, end),           \
		FIELD(struct block_in, reason, .plain = PLAIN_LINE, .min = 1, \
			.max = EDIT_REASON_LENGTH),                           \
		OUTSIDE_IN(struct block_in, outside)
static const struct field new_fields[] = {
	FIELD(struct block_in, court_id, .min = 1, .max = ID_MAX),
	BLOCK_IN,
};
const struct shape block_new_shape = SHAPE(struct block_in, new_fields);
static const struct field edit_fields[] = {BLOCK_IN};
const struct shape block_edit_shape = SHAPE(struct block_in, edit_fields);

static const struct field block_fields[] = {
	FIELD(struct block, id),
	FIELD(struct block, version),
	FIELD(struct block, court_id),
	FIELD(struct block, court_name),
	FIELD(struct block, timezone, .zone = true),
	FIELD(struct block, start),
	FIELD(struct block, end),
	FIELD(struct block, reason),
	FIELD(struct block, created_at),
};
const struct shape block_shape = SHAPE(struct block, block_fields);

#define BLOCK_COLUMNS                                                                   \
	"SELECT b.id, b.version, b.court_id, c.name AS court_name, v.timezone,"         \
	" lower(b.during) AS start, upper(b.during) AS \"end\", b.reason, b.created_at" \
	" FROM court_block b JOIN court c ON c.id = b.court_id"                         \
	" JOIN venue v ON v.id = b.venue_id WHERE b.venue_id = $1"
SQL(blocks_after, BLOCK_COLUMNS
	" AND upper(b.during) > coalesce($2::date::timestamp AT TIME ZONE v.timezone,"
	" now()) AND b.id > $3 ORDER BY b.id LIMIT $4");
SQL(block_by_id, BLOCK_COLUMNS " AND b.id = $2");

enum err block_list(struct tx *tx, int64_t venue_id, date from, int64_t after, int64_t limit,
	struct list *out)
{
	venue_require(tx, venue_id);
	return db_all(tx, &blocks_after, &block_shape, out, A(venue_id),
		A(arg_date_or_null(from)), A(after), A(limit));
}

enum err block_load(struct tx *tx, int64_t venue_id, int64_t id, struct block *out)
{
	return db_one(tx, &block_by_id, &block_shape, out, A(venue_id), A(id));
}

SQL(block_insert,
	"INSERT INTO court_block (id, venue_id, court_id, during, reason)"
	" VALUES ($2, $1, $3, tstzrange($4, $5), $6)");
SQL(block_update,
	"UPDATE court_block SET version = version + 1, during = tstzrange($4, $5), reason = $6"
	" WHERE venue_id = $1 AND id = $2 AND " VERSION_IS("version", "$3"));
SQL(block_delete, "DELETE FROM court_block WHERE venue_id = $1 AND id = $2 AND " VERSION_IS(
			  "version", "$3"));
SQL(block_release, "DELETE FROM occupancy WHERE block_id = $1");
/* In the order of the key, as orders do. What is taken already is passed over here and
 * named by the next statement. */
SQL(block_take,
	"INSERT INTO occupancy (unit_id, at, block_id) SELECT u.unit_id, t.at, $2"
	" FROM court_unit u, generate_series($3::timestamptz, $4::timestamptz"
	"  - interval '30 minutes', interval '30 minutes') AS t(at)"
	" WHERE u.court_id = $1 ORDER BY u.unit_id, t.at ON CONFLICT DO NOTHING");
/* A choice for what is sold is one for what is still to come: who is in already, or whose time
 * is over, has the floor all the same. */
SQL(block_in_the_way,
	"WITH sold AS (SELECT DISTINCT r.id, r.no, r.play_date FROM court_unit u"
	"  JOIN occupancy o ON o.unit_id = u.unit_id AND o.at >= $3 AND o.at < $4"
	"  JOIN order_item i ON i.id = o.item_id JOIN orders r ON r.id = i.order_id"
	"  WHERE u.court_id = $1"
	"   AND NOT ($5 AND i.state IN ('held', 'booked') AND upper(i.during) > now())"
	"   AND NOT EXISTS (SELECT 1 FROM outside_item x"
	"   WHERE x.item_id = i.id AND x.choice IS NOT NULL)),"
	" other AS (SELECT DISTINCT b.id FROM court_unit u"
	"  JOIN court_unit bu ON bu.unit_id = u.unit_id"
	"  JOIN court_block b ON b.court_id = bu.court_id AND b.during && tstzrange($3, $4)"
	"  WHERE u.court_id = $1 AND b.id <> $2)"
	" SELECT EXISTS (SELECT 1 FROM sold) OR EXISTS (SELECT 1 FROM other) AS used,"
	" jsonb_build_object("
	"  'total', (SELECT count(*) FROM sold) + (SELECT count(*) FROM other),"
	"  'orders', " ORDERS_NAMED("sold o") ","
	"  'blocks', (SELECT coalesce(jsonb_agg(f.id ORDER BY f.id), '[]')"
	"   FROM (SELECT * FROM other ORDER BY id LIMIT " NAMED_MAX ") f)) AS detail");
SQL(block_court,
	"SELECT EXISTS (SELECT 1 FROM court_unit WHERE venue_id = $1 AND court_id = $2)"
	" FROM court WHERE venue_id = $1 AND id = $2");

static enum err check_times(const struct block_in *in, struct refusal *why)
{
	why->field = "start";
	if (in->start.us % STEP != 0)
		return E_BAD_FIELD;
	why->field = "end";
	if (in->end.us % STEP != 0 || in->end.us <= in->start.us ||
		in->end.us - in->start.us > BLOCK_DAYS_MAX * (24 * HOUR))
		return E_BAD_FIELD;
	why->field = NULL;
	return E_OK;
}

static enum err require_units(
	struct tx *tx, int64_t venue_id, int64_t court_id, struct refusal *why)
{
	bool has_units;

	why->field = "court_id";
	db_ask_value(tx, &block_court, &has_units, E_COURT_NOT_FOUND, A(venue_id), A(court_id));
	TRY(db_sync(tx));
	if (!has_units)
		return E_BAD_FIELD;
	why->field = NULL;
	return E_OK;
}

/* Floor that was given up while we looked is there to be taken at the second time; what is
 * sold is held from then on. */
static enum err occupy(struct tx *tx, int64_t venue_id, int64_t id, int64_t court_id,
	const struct block_in *in, struct refusal *why)
{
	bool choice_made = in->outside.sold != NULL;
	struct dependants found;
	struct list outside;

	db_queue(tx, &block_take, A(court_id), A(id), A(in->start), A(in->end));
	TRY(db_one(tx, &block_in_the_way, &dependants_shape, &found, A(court_id), A(id),
		A(in->start), A(in->end), A(choice_made)));
	TRY(dependants_check(&found, NULL, why));
	TRY(outside_settle(tx,
		&(struct outside_params){
			.venue_id = venue_id, .block_id = id, .in = in->outside},
		&outside, &why->detail));
	db_queue(tx, &block_take, A(court_id), A(id), A(in->start), A(in->end));
	return db_sync(tx);
}

enum err block_add(struct tx *tx, int64_t venue_id, const struct block_in *in, int64_t *id,
	struct refusal *why)
{
	TRY(ids_take(tx, 1, id));
	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	TRY(check_times(in, why));
	TRY(require_units(tx, venue_id, in->court_id, why));
	db_queue(tx, &block_insert, A(venue_id), A(*id), A(in->court_id), A(in->start),
		A(in->end), A(in->reason));
	return occupy(tx, venue_id, *id, in->court_id, in, why);
}

enum err block_save(struct tx *tx, int64_t venue_id, int64_t id, int64_t version,
	const struct block_in *in, struct refusal *why)
{
	struct block was;

	venue_lock(tx, venue_id);
	TRY(block_load(tx, venue_id, id, &was));
	TRY(check_times(in, why));
	TRY(require_units(tx, venue_id, was.court_id, why)); /* it may have lost them since */
	db_queue_version(tx, &block_update, A(venue_id), A(id), A(version), A(in->start),
		A(in->end), A(in->reason));
	db_queue(tx, &block_release, A(id));
	return occupy(tx, venue_id, id, was.court_id, in, why);
}

enum err block_remove(struct tx *tx, int64_t venue_id, int64_t id, int64_t version)
{
	struct block was;
	struct list outside;

	venue_lock(tx, venue_id);
	TRY(block_load(tx, venue_id, id, &was));
	TRY(version_check(was.version, version));
	db_queue(tx, &block_release, A(id));
	db_queue_version(tx, &block_delete, A(venue_id), A(id), A(version));
	return outside_settle(
		tx, &(struct outside_params){.venue_id = venue_id}, &outside, &(raw_json){0});
}
