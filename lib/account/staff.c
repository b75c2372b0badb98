#include "account/account.h"

static const struct field login_fields[] = {
	FIELD(struct staff_login, account_id),
	FIELD(struct staff_login, hash),
	FIELD(struct staff_login, locked_s),
};
static const struct shape login_shape = SHAPE(struct staff_login, login_fields);

SQL(staff_login_by_name,
	"SELECT l.account_id, l.password_hash AS hash, "
	" greatest(0, ceil(extract(epoch FROM l.locked_until - now())))::bigint AS locked_s"
	" FROM staff_login l JOIN account a ON a.id = l.account_id"
	" WHERE l.username = $1 AND a.disabled_at IS NULL");

enum err staff_login_load(struct tx *tx, const char *username, struct staff_login *out)
{
	return db_one(tx, &staff_login_by_name, &login_shape, out, A(username));
}

SQL(staff_login_fail,
	"UPDATE staff_login SET failed = failed + 1, locked_until = CASE WHEN failed >= 4"
	" THEN now() + interval '30 seconds' * (1 << least(failed - 4, 5)::int) END"
	" WHERE account_id = $1");
SQL(staff_login_pass,
	"UPDATE staff_login SET failed = 0, locked_until = NULL"
	" WHERE account_id = $1 AND failed > 0");

void staff_login_failed(struct tx *tx, int64_t account_id)
{
	db_queue(tx, &staff_login_fail, A(account_id));
}

void staff_login_passed(struct tx *tx, int64_t account_id)
{
	db_queue(tx, &staff_login_pass, A(account_id));
}

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

SQL(staff_permitted_at, "SELECT 1 WHERE " STAFF_AT("$3"));

void staff_scope(struct tx *tx, const struct desk *desk, int64_t venue_id, enum err otherwise)
{
	db_queue_one(tx, &staff_permitted_at, otherwise, A(desk->account_id),
		A(desk->permission), A(venue_id));
}
