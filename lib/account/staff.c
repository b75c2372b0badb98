#include "account/account.h"

static const struct field staff_fields[] = {
	FIELD(struct staff, id),
	FIELD(struct staff, name),
	FIELD(struct staff, permissions),
	FIELD(struct staff, venues),
};
const struct shape staff_shape = SHAPE(struct staff, staff_fields);

/* A role without a venue reaches all of them. */
SQL(staff_by_id,
	"SELECT a.id, a.nickname AS name,"
	" (SELECT coalesce(jsonb_agg(DISTINCT p.permission), '[]') FROM account_role r"
	"  JOIN role_permission p ON p.role = r.role WHERE r.account_id = a.id) AS permissions,"
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name) ORDER BY v.id), '[]')"
	"  FROM venue v WHERE EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = a.id"
	"   AND (r.venue_id = v.id OR r.venue_id IS NULL))) AS venues"
	" FROM account a WHERE a.id = $1");

enum err staff_load(struct tx *tx, int64_t id, struct staff *out)
{
	return db_one(tx, &staff_by_id, &staff_shape, out, A(id));
}
