#include "setup/court.h"

#include "setup/coverage.h"
#include "setup/sold.h"
#include "setup/sport.h"

#include <inttypes.h>

static const struct field unit_id_fields[] = {
	FIELD_AS(struct unit_id, id, NULL, .min = 1, .max = ID_MAX),
};
static const struct shape unit_id_shape = SHAPE(struct unit_id, unit_id_fields);

#define COURT_IN                                                                         \
	FIELD(struct court_in, name, .plain = PLAIN_LINE, .min = 1, .max = NAME_LENGTH), \
		FIELD(struct court_in, position, .optional = true, .min = 0,             \
			.max = POSITION_MAX),                                            \
		FIELD(struct court_in, units, .min = 0, .max = UNITS_MAX,                \
			.of = &unit_id_shape),                                           \
		FIELD(struct court_in, ends_on, .optional = true)
static const struct field new_fields[] = {
	FIELD(struct court_in, sport_id, .min = 1, .max = ID_MAX),
	COURT_IN,
};
const struct shape court_new_shape = SHAPE(struct court_in, new_fields);
static const struct field edit_fields[] = {
	COURT_IN,
	OUTSIDE_IN(struct court_in, outside),
};
const struct shape court_edit_shape = SHAPE(struct court_in, edit_fields);

static const struct field sheet_fields[] = {
	FIELD(struct court_sheet, id),
	FIELD(struct court_sheet, version),
	FIELD(struct court_sheet, sport_id),
	FIELD(struct court_sheet, name),
	FIELD(struct court_sheet, position),
	FIELD(struct court_sheet, units),
	FIELD(struct court_sheet, ends_on, .optional = true),
};
const struct shape court_sheet_shape = SHAPE(struct court_sheet, sheet_fields);

#define COURT_COLUMNS                                                                 \
	"SELECT c.id, c.version, c.sport_id, c.name, c.position, (SELECT"             \
	"  coalesce(jsonb_agg(u.unit_id ORDER BY u.unit_id), '[]') FROM court_unit u" \
	"  WHERE u.court_id = c.id) AS units, c.ends_on FROM court c WHERE c.venue_id = $1"
SQL(court_sheets_after, COURT_COLUMNS " AND c.id > $2 ORDER BY c.id LIMIT $3");
SQL(court_sheet_by_id, COURT_COLUMNS " AND c.id = $2");

enum err court_sheet_list(
	struct tx *tx, int64_t venue_id, int64_t after, int64_t limit, struct list *out)
{
	venue_require(tx, venue_id);
	return db_all(tx, &court_sheets_after, &court_sheet_shape, out, A(venue_id), A(after),
		A(limit));
}

enum err court_sheet_load(struct tx *tx, int64_t venue_id, int64_t id, struct court_sheet *out)
{
	return db_one(tx, &court_sheet_by_id, &court_sheet_shape, out, A(venue_id), A(id));
}

/* A lock against orders, too. An order holds the court's row FOR KEY SHARE when it adds its
 * items, and reads the court's units after that: so either this transaction sees the
 * order's items, or the order sees this transaction's units. */
SQL(court_alone, "SELECT 1 FROM court WHERE venue_id = $1 AND id = $2 FOR UPDATE");
SQL(court_insert,
	"INSERT INTO court (id, venue_id, sport_id, name, position, ends_on)"
	" VALUES ($1, $2, $3, $4, $5, $6)");
SQL(court_update,
	"UPDATE court SET version = version + 1, name = $4, position = $5, ends_on = $6"
	" WHERE venue_id = $1 AND id = $2 AND " VERSION_IS("version", "$3"));
SQL(court_delete,
	"DELETE FROM court WHERE venue_id = $1 AND id = $2 AND " VERSION_IS("version", "$3"));
SQL(court_units_same,
	"SELECT (SELECT coalesce(array_agg(unit_id ORDER BY unit_id), '{}') FROM court_unit"
	"  WHERE venue_id = $1 AND court_id = $2)"
	" = (SELECT coalesce(array_agg(u ORDER BY u), '{}') FROM unnest($3::bigint[]) u)");
SQL(court_units_drop,
	"DELETE FROM court_unit WHERE venue_id = $1 AND court_id = $2"
	" AND unit_id <> ALL($3::bigint[])");
SQL(court_units_put,
	"INSERT INTO court_unit (court_id, unit_id, venue_id)"
	" SELECT $2, u.id, $1 FROM unit u WHERE u.venue_id = $1 AND u.id = ANY($3::bigint[])"
	" ON CONFLICT DO NOTHING");

/* The first that is not a unit of the venue, or is named a second time. */
SQL(court_units_missing,
	"SELECT t.n - 1 FROM unnest($2::bigint[]) WITH ORDINALITY AS t(id, n)"
	" WHERE NOT EXISTS (SELECT 1 FROM unit u WHERE u.venue_id = $1 AND u.id = t.id)"
	" OR t.n > array_position($2::bigint[], t.id) ORDER BY t.n LIMIT 1");

static struct ints ids_of(struct arena *mem, const struct list *units)
{
	const struct unit_id *u = units->at;
	int64_t *ids = NEW_N(mem, int64_t, units->count);

	for (size_t i = 0; i < units->count; i++)
		ids[i] = u[i].id;
	return (struct ints){ids, units->count};
}

static enum err check_units(
	struct tx *tx, int64_t venue_id, struct ints ids, struct refusal *why)
{
	int64_t first;
	enum err err = db_value(tx, &court_units_missing, &first, A(venue_id), A(ids));

	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	why->field = arena_printf(tx->mem, "units[%" PRId64 "]", first);
	return E_BAD_FIELD;
}

enum err court_add(struct tx *tx, int64_t venue_id, const struct court_in *in, int64_t *id,
	struct refusal *why)
{
	struct ints units = ids_of(tx->mem, &in->units);
	struct offer offer;

	TRY(ids_take(tx, 1, id));
	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	why->field = "sport_id";
	enum err err = offer_load(tx, venue_id, in->sport_id, &offer);
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_SPORT_NOT_FOUND : err;
	TRY(check_units(tx, venue_id, units, why));
	why->field = "name";
	TRY(db_run(tx, &court_insert, A(*id), A(venue_id), A(in->sport_id), A(in->name),
		A(in->position), A(arg_date_or_null(in->ends_on))));
	why->field = NULL;
	db_queue(tx, &court_units_put, A(venue_id), A(*id), A(units));
	return coverage_check(tx, venue_id, "sport_id", why);
}

static enum err change_units(
	struct tx *tx, int64_t venue_id, int64_t id, struct ints units, struct refusal *why)
{
	bool same;

	TRY(check_units(tx, venue_id, units, why));
	TRY(db_value(tx, &court_units_same, &same, A(venue_id), A(id), A(units)));
	if (same)
		return E_OK;
	TRY(ahead_check(tx, venue_id, id, "units", why));
	db_queue(tx, &court_units_drop, A(venue_id), A(id), A(units));
	db_queue(tx, &court_units_put, A(venue_id), A(id), A(units));
	return E_OK;
}

static enum err lock_alone(struct tx *tx, int64_t venue_id, int64_t id, int64_t version)
{
	struct court_sheet was;

	venue_lock(tx, venue_id);
	db_queue(tx, &court_alone, A(venue_id), A(id));
	TRY(court_sheet_load(tx, venue_id, id, &was));
	return version_check(was.version, version);
}

enum err court_save(struct tx *tx, int64_t venue_id, int64_t id, int64_t version,
	const struct court_in *in, struct refusal *why)
{
	struct list outside;

	TRY(lock_alone(tx, venue_id, id, version));
	if (in->ends_on.days != 0 && !in->outside.sold)
		TRY(sold_check(tx, venue_id,
			&(struct sold_params){
				.court_id = id, .from = in->ends_on, .undecided = true},
			"ends_on", why));
	TRY(change_units(tx, venue_id, id, ids_of(tx->mem, &in->units), why));
	why->field = "name";
	db_queue_version(tx, &court_update, A(venue_id), A(id), A(version), A(in->name),
		A(in->position), A(arg_date_or_null(in->ends_on)));
	TRY(db_sync(tx));
	why->field = NULL;
	TRY(coverage_check(tx, venue_id, "ends_on", why)); /* it may be on sale again */
	return outside_settle(tx,
		&(struct outside_params){
			.venue_id = venue_id, .court_id = id, .in = in->outside},
		&outside, &why->detail);
}

SQL(court_dependants,
	"SELECT prices + blocks > 0 AS used,"
	" jsonb_build_object('prices', prices, 'blocks', blocks) AS detail"
	" FROM (SELECT (SELECT count(*) FROM price_rule WHERE venue_id = $1 AND court_id = $2)"
	"  AS prices, (SELECT count(*) FROM court_block WHERE venue_id = $1 AND court_id = $2)"
	"  AS blocks) t");

enum err court_remove(
	struct tx *tx, int64_t venue_id, int64_t id, int64_t version, struct refusal *why)
{
	static const int64_t none[] = {0};
	struct dependants found;

	TRY(lock_alone(tx, venue_id, id, version));
	TRY(sold_check(tx, venue_id, &(struct sold_params){.court_id = id}, NULL, why));
	TRY(db_one(tx, &court_dependants, &dependants_shape, &found, A(venue_id), A(id)));
	TRY(dependants_check(&found, NULL, why));
	db_queue(tx, &court_units_drop, A(venue_id), A(id), A(((struct ints){none, 0})));
	db_queue_version(tx, &court_delete, A(venue_id), A(id), A(version));
	return db_sync(tx);
}
