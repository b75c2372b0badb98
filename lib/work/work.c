#include "work/work.h"

SQL(work_insert,
	"INSERT INTO work_item (id, key, kind, venue_id, order_id, refund_id, detail)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb) ON CONFLICT (key) DO NOTHING");

enum err work_add(struct tx *tx, const struct work_new *w)
{
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	db_queue(tx, &work_insert, A(id), A(w->key), A(w->kind), A(arg_id_or_null(w->venue_id)),
		A(arg_id_or_null(w->order_id)), A(arg_id_or_null(w->refund_id)), A(w->detail));
	return E_OK;
}
