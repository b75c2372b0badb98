#include "setup/sport.h"

#include "venue/day.h"
#include "venue/venue.h"

enum { SLOT_MAX = 480 };

static const struct field new_fields[] = {
	FIELD(struct sport_in, code, .min = SPORT_CODE_MIN, .max = SPORT_CODE_MAX),
	FIELD(struct sport_in, name, .plain = PLAIN_LINE, .min = 1, .max = NAME_LENGTH),
};
const struct shape sport_new_shape = SHAPE(struct sport_in, new_fields);
static const struct field edit_fields[] = {
	FIELD(struct sport_in, name, .plain = PLAIN_LINE, .min = 1, .max = NAME_LENGTH),
};
const struct shape sport_edit_shape = SHAPE(struct sport_in, edit_fields);

static const struct field sport_fields[] = {
	FIELD(struct sport, id),
	FIELD(struct sport, version),
	FIELD(struct sport, code),
	FIELD(struct sport, name),
};
const struct shape sport_shape = SHAPE(struct sport, sport_fields);

SQL(sports_after,
	"SELECT id, version, code, name FROM sport WHERE id > $1 ORDER BY id LIMIT $2");
SQL(sport_by_id, "SELECT id, version, code, name FROM sport WHERE id = $1");
SQL(sport_insert, "INSERT INTO sport (id, code, name) VALUES ($1, $2, $3)");
SQL(sport_update,
	"UPDATE sport SET version = version + 1, name = $3 WHERE id = $1 AND " VERSION_IS(
		"version", "$2"));
SQL(sport_alone, "SELECT 1 FROM sport WHERE id = $1 FOR UPDATE");
SQL(sport_delete, "DELETE FROM sport WHERE id = $1 AND " VERSION_IS("version", "$2"));
SQL(sport_used,
	"SELECT EXISTS (SELECT 1 FROM venue_sport WHERE sport_id = $1)"
	" OR EXISTS (SELECT 1 FROM price_rule WHERE sport_id = $1)");

enum err sport_list(struct tx *tx, int64_t after, int64_t limit, struct list *out)
{
	return db_all(tx, &sports_after, &sport_shape, out, A(after), A(limit));
}

enum err sport_load(struct tx *tx, int64_t id, struct sport *out)
{
	return db_one(tx, &sport_by_id, &sport_shape, out, A(id));
}

static bool code_is_well_formed(const char *s)
{
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || *s == '_'))
			return false;
	return true;
}

enum err sport_add(struct tx *tx, const struct sport_in *in, int64_t *id, struct refusal *why)
{
	why->field = "code";
	if (!code_is_well_formed(in->code))
		return E_BAD_FIELD;
	TRY(ids_take(tx, 1, id));
	return db_run(tx, &sport_insert, A(*id), A(in->code), A(in->name));
}

enum err sport_save(struct tx *tx, int64_t id, int64_t version, const struct sport_in *in)
{
	struct sport was;

	TRY(sport_load(tx, id, &was));
	db_queue_version(tx, &sport_update, A(id), A(version), A(in->name));
	return db_sync(tx);
}

enum err sport_remove(struct tx *tx, int64_t id, int64_t version)
{
	bool used;
	struct sport was;

	db_queue(tx, &sport_alone, A(id));
	TRY(sport_load(tx, id, &was));
	TRY(version_check(was.version, version));
	TRY(db_value(tx, &sport_used, &used, A(id)));
	if (used)
		return E_IN_USE;
	db_queue_version(tx, &sport_delete, A(id), A(version));
	return db_sync(tx);
}

static const struct field offer_new_fields[] = {
	FIELD(struct offer_in, sport_id, .min = 1, .max = ID_MAX),
	FIELD(struct offer_in, slot_minutes, .min = STEP_MINUTES, .max = SLOT_MAX),
};
const struct shape offer_new_shape = SHAPE(struct offer_in, offer_new_fields);
static const struct field offer_edit_fields[] = {
	FIELD(struct offer_in, slot_minutes, .min = STEP_MINUTES, .max = SLOT_MAX),
};
const struct shape offer_edit_shape = SHAPE(struct offer_in, offer_edit_fields);

static const struct field offer_fields[] = {
	FIELD(struct offer, sport_id),
	FIELD(struct offer, version),
	FIELD(struct offer, code),
	FIELD(struct offer, name),
	FIELD(struct offer, slot_minutes),
};
const struct shape offer_shape = SHAPE(struct offer, offer_fields);

#define OFFER_COLUMNS                                                  \
	"SELECT o.sport_id, o.version, s.code, s.name, o.slot_minutes" \
	" FROM venue_sport o JOIN sport s ON s.id = o.sport_id WHERE o.venue_id = $1"
SQL(offers_after, OFFER_COLUMNS " AND o.sport_id > $2 ORDER BY o.sport_id LIMIT $3");
SQL(offer_of_sport, OFFER_COLUMNS " AND o.sport_id = $2");
SQL(offer_insert,
	"INSERT INTO venue_sport (venue_id, sport_id, slot_minutes) VALUES ($1, $2, $3)");
SQL(offer_update,
	"UPDATE venue_sport SET version = version + 1, slot_minutes = $4"
	" WHERE venue_id = $1 AND sport_id = $2 AND " VERSION_IS("version", "$3"));
SQL(offer_delete,
	"DELETE FROM venue_sport WHERE venue_id = $1 AND sport_id = $2 AND " VERSION_IS(
		"version", "$3"));
SQL(offer_used,
	"SELECT EXISTS (SELECT 1 FROM court WHERE venue_id = $1 AND sport_id = $2)"
	" OR EXISTS (SELECT 1 FROM price_rule WHERE venue_id = $1 AND sport_id = $2)");

enum err offer_list(
	struct tx *tx, int64_t venue_id, int64_t after, int64_t limit, struct list *out)
{
	venue_require(tx, venue_id);
	return db_all(tx, &offers_after, &offer_shape, out, A(venue_id), A(after), A(limit));
}

enum err offer_load(struct tx *tx, int64_t venue_id, int64_t sport_id, struct offer *out)
{
	return db_one(tx, &offer_of_sport, &offer_shape, out, A(venue_id), A(sport_id));
}

static enum err check_slot(const struct offer_in *in, struct refusal *why)
{
	why->field = "slot_minutes";
	return in->slot_minutes % STEP_MINUTES == 0 ? E_OK : E_BAD_FIELD;
}

enum err offer_add(
	struct tx *tx, int64_t venue_id, const struct offer_in *in, struct refusal *why)
{
	struct sport sport;

	venue_lock(tx, venue_id);
	TRY(db_sync(tx));
	TRY(check_slot(in, why));
	why->field = "sport_id";
	enum err err = sport_load(tx, in->sport_id, &sport);
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_SPORT_NOT_FOUND : err;
	return db_run(tx, &offer_insert, A(venue_id), A(in->sport_id), A(in->slot_minutes));
}

enum err offer_save(struct tx *tx, int64_t venue_id, int64_t version, const struct offer_in *in,
	struct refusal *why)
{
	struct offer was;

	venue_lock(tx, venue_id);
	TRY(offer_load(tx, venue_id, in->sport_id, &was));
	TRY(check_slot(in, why));
	db_queue_version(tx, &offer_update, A(venue_id), A(in->sport_id), A(version),
		A(in->slot_minutes));
	return db_sync(tx);
}

enum err offer_remove(struct tx *tx, int64_t venue_id, int64_t sport_id, int64_t version)
{
	bool used;
	struct offer was;

	venue_lock(tx, venue_id);
	TRY(offer_load(tx, venue_id, sport_id, &was));
	TRY(version_check(was.version, version));
	TRY(db_value(tx, &offer_used, &used, A(venue_id), A(sport_id)));
	if (used)
		return E_IN_USE;
	db_queue_version(tx, &offer_delete, A(venue_id), A(sport_id), A(version));
	return db_sync(tx);
}
