#include "work/work.h"

const char *work_word(enum work_kind kind)
{
	static const char *const words[] = {WORK_KINDS(WORD_TEXT)};

	return words[kind];
}

SQL(work_insert,
	"INSERT INTO work_item (id, key, kind, venue_id, order_id, refund_id, detail)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb) ON CONFLICT (key) DO NOTHING");

enum err work_add(struct tx *tx, const struct work_new *w)
{
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	db_queue(tx, &work_insert, A(id), A(w->key), A(work_word(w->kind)),
		A(arg_id_or_null(w->venue_id)), A(arg_id_or_null(w->order_id)),
		A(arg_id_or_null(w->refund_id)), A(w->detail));
	return E_OK;
}

SQL(work_of_refund_done,
	"UPDATE work_item SET done_at = now(), done_by = $2, note = $3"
	" WHERE refund_id = $1 AND kind = $4 AND done_at IS NULL");

void work_refund_done(struct tx *tx, int64_t refund_id, int64_t member_id, const char *note)
{
	db_queue(tx, &work_of_refund_done, A(refund_id), A(arg_id_or_null(member_id)), A(note),
		A(work_word(WORK_REFUND_STUCK)));
}
