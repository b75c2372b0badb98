#include "base/settings.h"
#include "checkin/checkin.h"
#include "venue/outside.h"

/* Whoever closes hours meanwhile comes before or after: what is booked again may lie outside. */
SQL(undo_venue,
	"SELECT v.id FROM venue v JOIN orders o ON o.venue_id = v.id WHERE o.id = $1"
	" FOR NO KEY UPDATE OF v");
/* Every check-in and every undoing holds the order's row first. */
SQL(undo_hold, "SELECT id FROM orders WHERE id = $1 FOR UPDATE");
SQL(undo_in_time,
	"SELECT at > now() - make_interval(secs => $3::bigint) FROM checkin"
	" WHERE order_id = $1 AND at = $2 LIMIT 1");
SQL(undo_checkin,
	"WITH c AS (DELETE FROM checkin WHERE order_id = $1 AND at = $2 RETURNING *),"
	" kept AS (INSERT INTO checkin_undone (item_id, order_id, venue_id, staff_id, method, at,"
	"   undone_by, reason)"
	"  SELECT item_id, order_id, venue_id, staff_id, method, at, $3, $4 FROM c)"
	" UPDATE order_item i SET state = 'booked' FROM c WHERE i.id = c.item_id"
	"  AND i.state = 'used'");

enum err checkin_undo(struct tx *tx, const struct checkin_undo_params *params)
{
	bool in_time;
	int64_t id, venue_id;
	struct list outside;

	db_ask_value(tx, &undo_venue, &venue_id, E_NOT_FOUND, A(params->order_id));
	TRY(db_value(tx, &undo_hold, &id, A(params->order_id)));
	enum err err = db_value(tx, &undo_in_time, &in_time, A(params->order_id),
		A(params->checked_in_at), A(settings.checkin_undo_s));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_NOT_CHECKED_IN : err;
	if (!in_time)
		return E_UNDO_TOO_LATE;
	db_queue(tx, &undo_checkin, A(params->order_id), A(params->checked_in_at),
		A(params->member_id), A(params->reason));
	return outside_settle(
		tx, &(struct outside_params){.venue_id = venue_id}, &outside, &(raw_json){0});
}
