#include "account/rights.h"

#include <string.h>

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

static const struct field permission_fields[] = {
	FIELD(struct permission, code),
	FIELD(struct permission, name),
	FIELD(struct permission, at_venue),
};
const struct shape permission_shape = SHAPE(struct permission, permission_fields);

SQL(permissions_all, "SELECT code, name, at_venue FROM permission ORDER BY code");

enum err permissions_list(struct tx *tx, struct list *out)
{
	return db_all(tx, &permissions_all, &permission_shape, out);
}

/* With commas between; NULL if a code has one in it. */
static const char *codes_text(struct arena *mem, const struct list *codes)
{
	const struct permission_code *c = codes->at;
	const char *text = "";

	for (size_t i = 0; i < codes->count && text; i++)
		text = strchr(c[i].code, ',')
			       ? NULL
			       : arena_printf(mem, "%s%s%s", text, i ? "," : "", c[i].code);
	return text;
}

SQL(role_known, "SELECT at_venue FROM role WHERE code = $1");
SQL(permissions_unfit,
	"SELECT p.code IS NULL AS unknown FROM unnest(string_to_array($1, ',')) AS w(code)"
	" LEFT JOIN permission p ON p.code = w.code"
	" WHERE p.code IS NULL OR $2 AND NOT p.at_venue ORDER BY 1 DESC LIMIT 1");
SQL(role_save, "SELECT role_set($1, string_to_array($2, ','))");

enum err role_set(
	struct tx *tx, const char *role, const struct list *permissions, const char **field)
{
	const char *codes = codes_text(tx->mem, permissions);
	bool at_venue, unknown = !codes;

	*field = "role";
	TRY(db_value(tx, &role_known, &at_venue, A(role)));
	*field = "permissions";
	enum err err = codes ? db_value(tx, &permissions_unfit, &unknown, A(codes), A(at_venue))
			     : E_OK;
	if (err == E_OK)
		return unknown ? E_NOT_FOUND : E_BAD_FIELD;
	*field = NULL;
	TRY(err == E_NOT_FOUND ? E_OK : err);
	return db_run(tx, &role_save, A(role), A(codes));
}
