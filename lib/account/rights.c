#include "account/rights.h"

static const struct field rights_fields[] = {
	FIELD(struct rights, id),
	FIELD(struct rights, name),
	FIELD(struct rights, permissions),
	FIELD(struct rights, venues),
};
const struct shape rights_shape = SHAPE(struct rights, rights_fields);

/* A role without a venue is held at all venues. */
SQL(rights_of_member,
	"SELECT a.id, a.nickname AS name,"
	" (SELECT coalesce(jsonb_agg(DISTINCT p.permission), '[]') FROM account_role r"
	"  JOIN role_permission p ON p.role = r.role WHERE r.account_id = a.id) AS permissions,"
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name) ORDER BY v.id), '[]')"
	"  FROM venue v WHERE EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = a.id"
	"   AND (r.venue_id = v.id OR r.venue_id IS NULL))) AS venues"
	" FROM account a WHERE a.id = $1");

enum err rights_load(struct tx *tx, int64_t id, struct rights *out)
{
	return db_one(tx, &rights_of_member, &rights_shape, out, A(id));
}

static const struct field role_fields[] = {
	FIELD(struct role, code),
	FIELD(struct role, name),
	FIELD(struct role, at_venue),
	FIELD(struct role, permissions),
};
const struct shape role_shape = SHAPE(struct role, role_fields);

SQL(roles_all,
	"SELECT r.code, r.name, r.at_venue, (SELECT coalesce(jsonb_agg(p.permission"
	"  ORDER BY p.permission), '[]') FROM role_permission p WHERE p.role = r.code)"
	" AS permissions FROM role r ORDER BY r.code");

enum err roles_list(struct tx *tx, struct list *out)
{
	return db_all(tx, &roles_all, &role_shape, out);
}
