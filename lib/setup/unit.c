#include "setup/unit.h"

static const struct field unit_in_fields[] = {
	FIELD(struct unit_in, name, .plain = PLAIN_LINE, .min = 1, .max = NAME_LENGTH),
};
const struct shape unit_in_shape = SHAPE(struct unit_in, unit_in_fields);

static const struct field unit_fields[] = {
	FIELD(struct unit, id),
	FIELD(struct unit, version),
	FIELD(struct unit, name),
	FIELD(struct unit, courts),
};
const struct shape unit_shape = SHAPE(struct unit, unit_fields);

#define UNIT_COLUMNS                                                                    \
	"SELECT u.id, u.version, u.name, (SELECT"                                       \
	"  coalesce(jsonb_agg(c.court_id ORDER BY c.court_id), '[]') FROM court_unit c" \
	"  WHERE c.unit_id = u.id) AS courts FROM unit u WHERE u.venue_id = $1"
SQL(units_after, UNIT_COLUMNS " AND u.id > $2 ORDER BY u.id LIMIT $3");
SQL(unit_by_id, UNIT_COLUMNS " AND u.id = $2");
SQL(unit_insert, "INSERT INTO unit (id, venue_id, name) VALUES ($2, $1, $3)");
SQL(unit_update,
	"UPDATE unit SET version = version + 1, name = $4"
	" WHERE venue_id = $1 AND id = $2 AND " VERSION_IS("version", "$3"));
SQL(unit_delete,
	"DELETE FROM unit WHERE venue_id = $1 AND id = $2 AND " VERSION_IS("version", "$3"));

/* Only through a court does an order come to hold a unit: without courts none is added. */
SQL(unit_dependants,
	"SELECT c.courts <> '[]' OR h.held AS used,"
	" jsonb_build_object('courts', c.courts, 'held', h.held) AS detail"
	" FROM (SELECT coalesce(jsonb_agg(court_id ORDER BY court_id), '[]') AS courts"
	"  FROM court_unit WHERE venue_id = $1 AND unit_id = $2) c,"
	" (SELECT EXISTS (SELECT 1 FROM occupancy WHERE unit_id = $2) AS held) h");

enum err unit_list(
	struct tx *tx, int64_t venue_id, int64_t after, int64_t limit, struct list *out)
{
	venue_require(tx, venue_id);
	return db_all(tx, &units_after, &unit_shape, out, A(venue_id), A(after), A(limit));
}

enum err unit_load(struct tx *tx, int64_t venue_id, int64_t id, struct unit *out)
{
	return db_one(tx, &unit_by_id, &unit_shape, out, A(venue_id), A(id));
}

enum err unit_add(struct tx *tx, int64_t venue_id, const struct unit_in *in, int64_t *id,
	struct refusal *why)
{
	TRY(ids_take(tx, 1, id));
	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	why->field = "name";
	return db_run(tx, &unit_insert, A(venue_id), A(*id), A(in->name));
}

enum err unit_save(struct tx *tx, int64_t venue_id, int64_t id, int64_t version,
	const struct unit_in *in, struct refusal *why)
{
	struct unit was;

	venue_lock(tx, venue_id);
	TRY(unit_load(tx, venue_id, id, &was));
	why->field = "name";
	db_queue_version(tx, &unit_update, A(venue_id), A(id), A(version), A(in->name));
	return db_sync(tx);
}

enum err unit_remove(
	struct tx *tx, int64_t venue_id, int64_t id, int64_t version, struct refusal *why)
{
	struct unit was;
	struct dependants found;

	venue_lock(tx, venue_id);
	TRY(unit_load(tx, venue_id, id, &was));
	TRY(version_check(was.version, version));
	TRY(db_one(tx, &unit_dependants, &dependants_shape, &found, A(venue_id), A(id)));
	TRY(dependants_check(&found, NULL, why));
	db_queue_version(tx, &unit_delete, A(venue_id), A(id), A(version));
	return db_sync(tx);
}
