#include "audit/audit.h"

static const struct field row_fields[] = {
	FIELD(struct audit_row, id),
	FIELD(struct audit_row, at),
	FIELD(struct audit_row, actor_id),
	FIELD(struct audit_row, actor, .optional = true),
	FIELD(struct audit_row, actor_username, .optional = true),
	FIELD(struct audit_row, venue_id, .optional = true),
	FIELD(struct audit_row, entity),
	FIELD(struct audit_row, entity_id),
	FIELD(struct audit_row, action),
	FIELD(struct audit_row, before, .optional = true),
	FIELD(struct audit_row, after, .optional = true),
	FIELD(struct audit_row, operation_id),
};
const struct shape audit_row_shape = SHAPE(struct audit_row, row_fields);

/* $3 is the last entry of the page before, or 0. Where the page begins is said as one
 * pair (at, id), in the order of all the indexes. */
SQL(audit_fitting,
	"SELECT a.id, a.at, a.actor_id, staff_name(a.actor_id) AS actor, a.actor_username, a.venue_id,"
	" a.entity, a.entity_id, a.action, a.before, a.after, a.operation_id"
	" FROM audit_in_scope a WHERE a.at >= coalesce($1, '-infinity'::timestamptz)"
	" AND (a.at, a.id) < (SELECT coalesce($2, 'infinity'::timestamptz), 0::bigint"
	"   WHERE $3 = 0 UNION ALL SELECT c.at, c.id FROM audit_in_scope c WHERE c.id = $3)"
	" AND ($5::bigint IS NULL OR a.actor_id = $5)"
	" AND ($6::bigint IS NULL OR a.venue_id = $6)"
	" AND ($7::text IS NULL OR a.entity = $7)"
	" AND ($8::text IS NULL OR a.entity_id = $8)"
	" AND ($9::text IS NULL OR a.operation_id = $9)"
	" AND ($10::text IS NULL OR a.action = $10)"
	" AND ($11::text IS NULL OR a.actor_username = $11)"
	" AND ($12::text IS NULL AND $13::text IS NULL"
	"  OR a.words @> array_remove(ARRAY['-' || $12, '+' || $13], NULL))"
	" ORDER BY a.at DESC, a.id DESC LIMIT $4");
/* The best index depends on what is searched for: plan each search anew. */
SQL(audit_plan_each, "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)");

enum err audit_search(
	struct tx *tx, const struct audit_search *s, int64_t limit, struct list *out)
{
	db_queue(tx, &audit_plan_each);
	return db_all(tx, &audit_fitting, &audit_row_shape, out, A(arg_stamp_or_null(s->from)),
		A(arg_stamp_or_null(s->to)), A(s->behind), A(limit),
		A(arg_id_or_null(s->actor)), A(arg_id_or_null(s->venue)), A(s->entity),
		A(s->entity_id), A(s->operation), A(s->action), A(s->actor_username),
		A(s->before), A(s->after));
}
