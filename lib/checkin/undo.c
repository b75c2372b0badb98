#include "base/settings.h"
#include "checkin/checkin.h"

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
	int64_t id;

	TRY(db_value(tx, &undo_hold, &id, A(params->order_id)));
	enum err err = db_value(tx, &undo_in_time, &in_time, A(params->order_id),
		A(params->checked_in_at), A(settings.checkin_undo_s));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_NOT_CHECKED_IN : err;
	if (!in_time)
		return E_UNDO_TOO_LATE;
	db_queue(tx, &undo_checkin, A(params->order_id), A(params->checked_in_at),
		A(params->member_id), A(params->reason));
	return E_OK;
}
