#include "work/work.h"

static const struct field work_fields[] = {
	FIELD(struct work_row, id),
	FIELD(struct work_row, kind),
	FIELD(struct work_row, venue_id, .optional = true),
	FIELD(struct work_row, venue_name, .optional = true),
	FIELD(struct work_row, timezone, .optional = true, .zone = true),
	FIELD(struct work_row, order_id, .optional = true),
	FIELD(struct work_row, order_no, .optional = true),
	FIELD(struct work_row, refund_id, .optional = true),
	FIELD(struct work_row, detail),
	FIELD(struct work_row, opened_at),
	FIELD(struct work_row, done_at, .optional = true),
	FIELD(struct work_row, done_by, .optional = true),
	FIELD(struct work_row, note, .optional = true),
};
const struct shape work_row_shape = SHAPE(struct work_row, work_fields);

#define WORK                                                                             \
	"SELECT w.id, w.kind, w.venue_id, v.name AS venue_name, v.timezone, w.order_id," \
	" o.no AS order_no, w.refund_id, w.detail, w.opened_at, w.done_at,"              \
	" staff_name(w.done_by) AS done_by, w.note FROM work_item w"                     \
	" LEFT JOIN venue v ON v.id = w.venue_id LEFT JOIN orders o ON o.id = w.order_id WHERE "
SQL(work_open, WORK
	"w.done_at IS NULL AND ($1::text IS NULL OR w.kind = $1)"
	" AND ($2 = 0 OR (w.opened_at, w.id) >"
	"  (SELECT c.opened_at, c.id FROM work_item c WHERE c.id = $2))"
	" ORDER BY w.opened_at, w.id LIMIT $3");
SQL(work_one, WORK "w.id = $1");

enum err work_list(
	struct tx *tx, const char *kind, int64_t behind, int64_t limit, struct list *out)
{
	return db_all(tx, &work_open, &work_row_shape, out, A(kind), A(behind), A(limit));
}

SQL(work_lock,
	"SELECT w.kind = $2 AND EXISTS (SELECT 1 FROM refund r"
	"  WHERE r.id = w.refund_id AND r.state IN ('stuck', 'created', 'accepted'))"
	" OR w.kind = $3 AND EXISTS (SELECT 1 FROM outside_item x WHERE x.order_id = w.order_id"
	"  AND x.choice = 'refund_all' AND x.done_at IS NULL) AS waits FROM work_item w"
	" WHERE w.id = $1 AND w.done_at IS NULL FOR UPDATE OF w");
SQL(work_keep_outside,
	"UPDATE outside_item x SET choice = 'keep', chosen_at = now(), chosen_by = $2,"
	" done_at = now() FROM work_item w WHERE w.id = $1 AND w.kind = $3"
	" AND x.order_id = w.order_id AND x.choice IS NULL AND x.done_at IS NULL");
SQL(work_set_done,
	"UPDATE work_item SET done_at = now(), done_by = $2, note = $3 WHERE id = $1"
	" AND done_at IS NULL");

enum err work_done(
	struct tx *tx, int64_t id, int64_t member_id, const char *note, struct work_row *out)
{
	bool waits;

	TRY(db_value(tx, &work_lock, &waits, A(id), A(work_word(WORK_REFUND_STUCK)),
		A(work_word(WORK_SOLD_OUTSIDE))));
	if (waits)
		return E_REFUND_STATE;
	db_queue_one(tx, &work_set_done, E_NOT_FOUND, A(id), A(member_id), A(note));
	db_queue(tx, &work_keep_outside, A(id), A(member_id), A(work_word(WORK_SOLD_OUTSIDE)));
	return db_one(tx, &work_one, &work_row_shape, out, A(id));
}
