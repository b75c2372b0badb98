#include "account/member.h"

#include "account/account.h"
#include "account/person.h"
#include "base/buf.h"
#include "base/phone.h"
#include "base/plain.h"
#include "base/settings.h"

#include <inttypes.h>
#include <string.h>

enum { ROLES_TEXT_MAX = 8192 };

static const struct field role_given_fields[] = {
	FIELD(struct role_given, role, .min = 1, .max = ROLE_LENGTH),
	FIELD(struct role_given, venue_id, .optional = true, .min = 1, .max = ID_MAX),
};
const struct shape role_given_shape = SHAPE(struct role_given, role_given_fields);

static const struct field member_fields[] = {
	FIELD(struct member, id),
	FIELD(struct member, username),
	FIELD(struct member, name),
	FIELD(struct member, phone, .optional = true),
	FIELD(struct member, roles),
	FIELD(struct member, has_password),
	FIELD(struct member, must_change),
	FIELD(struct member, locked_until, .optional = true),
	FIELD(struct member, disabled_at, .optional = true),
	FIELD(struct member, disabled_reason, .optional = true),
	FIELD(struct member, created_at),
	FIELD(struct member, version),
};
const struct shape member_shape = SHAPE(struct member, member_fields);

#define MEMBERS                                                                         \
	"SELECT a.id, l.username, a.nickname AS name, a.phone, l.has_password,"         \
	" l.must_change, CASE WHEN l.locked_until > now() THEN l.locked_until END"      \
	"  AS locked_until, a.disabled_at, a.disabled_reason, a.created_at, a.version," \
	" (SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.role, 'venue_id',"    \
	"   r.venue_id) ORDER BY r.role, r.venue_id), '[]') FROM account_role r"        \
	"  WHERE r.account_id = a.id) AS roles"                                         \
	" FROM account a JOIN staff_login l ON l.account_id = a.id WHERE "
/* Who keeps the members of a venue doesn't see those of others as members, though they may
 * be customers of his. */
#define LISTED                                                      \
	"(staff_everywhere() OR EXISTS (SELECT 1 FROM account_role" \
	" r WHERE r.account_id = a.id))"
SQL(members_fitting, MEMBERS LISTED
	" AND a.id > $1 AND ($2::text IS NULL OR strpos(lower(a.nickname), lower($2)) > 0"
	"  OR strpos(l.username, lower($2)) > 0)"
	" AND (($3::text IS NULL AND $4 = 0) OR EXISTS (SELECT 1 FROM account_role r"
	"  WHERE r.account_id = a.id AND ($3::text IS NULL OR r.role = $3)"
	"  AND ($4 = 0 OR r.venue_id = $4))) ORDER BY a.id LIMIT $5");
SQL(member_by_id, MEMBERS LISTED " AND a.id = $1");

enum err members_search(
	struct tx *tx, const struct member_search *s, int64_t limit, struct list *out)
{
	return db_all(tx, &members_fitting, &member_shape, out, A(s->after), A(s->name),
		A(s->role), A(s->venue_id), A(limit));
}

enum err member_load(struct tx *tx, int64_t id, struct member *out)
{
	*out = (struct member){0};
	return db_one(tx, &member_by_id, &member_shape, out, A(id));
}

/* The roles as JSON: a statement works on all of them at once. */
static const char *roles_text(struct tx *tx, const struct list *roles)
{
	struct buf b = buf_in(tx->mem, ROLES_TEXT_MAX);

	json_list(&b, NULL, &role_given_shape, roles);
	return buf_text(&b);
}

struct fault {
	int64_t nth;
	const char *member;
	bool unknown_venue;
};
static const struct field fault_fields[] = {
	FIELD(struct fault, nth),
	FIELD(struct fault, member),
	FIELD(struct fault, unknown_venue, .optional = true),
};
static const struct shape fault_shape = SHAPE(struct fault, fault_fields);

#define GIVEN "jsonb_to_recordset($1::jsonb) AS g(role text, venue_id bigint)"
SQL(roles_faults,
	"SELECT g.nth, CASE WHEN r.code IS NULL OR NOT (r.at_venue OR staff_everywhere()) THEN 'role' ELSE 'venue_id' END AS member,"
	" r.at_venue AND g.venue_id IS NOT NULL AS unknown_venue"
	" FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (role text, venue_id bigint))"
	"  WITH ORDINALITY AS g(role, venue_id, nth)"
	" LEFT JOIN role r ON r.code = g.role LEFT JOIN venue v ON v.id = g.venue_id"
	" WHERE r.code IS NULL OR r.at_venue <> (g.venue_id IS NOT NULL)"
	"  OR (NOT r.at_venue AND NOT staff_everywhere())"
	"  OR (g.venue_id IS NOT NULL AND v.id IS NULL) ORDER BY g.nth LIMIT 1");

static enum err check_roles(struct tx *tx, const char *roles, const char **field)
{
	struct list faults;

	TRY(db_all(tx, &roles_faults, &fault_shape, &faults, A(roles)));
	if (faults.count == 0)
		return E_OK;
	const struct fault *f = faults.at;
	*field = arena_printf(tx->mem, "roles[%" PRId64 "].%s", f->nth - 1, f->member);
	return f->unknown_venue ? E_VENUE_NOT_FOUND : E_BAD_FIELD;
}

/* First new roles are given, then others are taken away, so that the last admin is never
 * without the role in between. */
SQL(member_give_roles,
	"INSERT INTO account_role (account_id, role, venue_id)"
	" SELECT $2, g.role, g.venue_id FROM " GIVEN
	" ON CONFLICT ON CONSTRAINT account_role_once DO NOTHING");
SQL(member_take_roles,
	"DELETE FROM account_role r WHERE r.account_id = $2 AND NOT EXISTS (SELECT 1 FROM " GIVEN
	" WHERE g.role = r.role AND g.venue_id IS NOT DISTINCT FROM r.venue_id)");

SQL(member_insert, "INSERT INTO account (id, nickname, phone) VALUES ($1, $2, $3)");
SQL(member_login_insert, "INSERT INTO staff_login (account_id, username) VALUES ($1, $2)");

/* The unique index would refuse it, too, but PostgreSQL writes into its log what it
 * refuses. */
SQL(member_phone_taken, "SELECT 1 FROM account WHERE phone = $1 AND id <> $2");

static enum err named(struct tx *tx, const char **field)
{
	enum err err = db_sync(tx);

	if (err == E_NAME_TAKEN)
		*field = "username";
	if (err == E_PHONE_TAKEN)
		*field = "phone";
	return err;
}

/* The form of the constraint staff_login_username_form. */
static bool username_valid(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return strspn(s, letters) > 0 && strspn(s, rest) == strlen(s);
}

/* `phone` may be NULL. */
static enum err check_phone(const char *phone, const char **field)
{
	if (!phone || phone_valid(phone))
		return E_OK;
	*field = "phone";
	return E_BAD_FIELD;
}

enum err member_add(struct tx *tx, const struct member_new *m, int64_t *id, const char **field)
{
	const char *roles = roles_text(tx, &m->roles);
	const char *username = text_folded(tx->mem, m->username);

	if (!username_valid(username)) {
		*field = "username";
		return E_BAD_FIELD;
	}
	TRY(check_phone(m->phone, field));
	TRY(ids_take(tx, 1, id));
	TRY(check_roles(tx, roles, field));
	db_queue_none(tx, &member_phone_taken, E_PHONE_TAKEN, A(m->phone), A(*id));
	db_queue(tx, &member_insert, A(*id), A(m->name), A(m->phone));
	person_phone(tx, *id, NULL, m->phone);
	db_queue(tx, &member_give_roles, A(roles), A(*id));
	db_queue(tx, &member_login_insert, A(*id), A(username));
	return named(tx, field);
}

SQL(member_within_scope, "SELECT 1 WHERE member_within($1)");

void member_within_reach(struct tx *tx, int64_t id)
{
	db_queue_one(tx, &member_within_scope, E_FORBIDDEN, A(id));
}

SQL(member_set_row,
	"UPDATE account SET nickname = $3, phone = $4, version = version + 1"
	" WHERE id = $1 AND " VERSION_IS("version", "$2"));
SQL(member_touch, "UPDATE account SET version = version + 1 WHERE id = $1 AND " VERSION_IS(
			  "version", "$2"));

enum err member_set(struct tx *tx, int64_t id, int64_t version, const char *name,
	const char *phone, const char **field)
{
	struct member now;

	TRY(check_phone(phone, field));
	TRY(member_load(tx, id, &now));
	person_phone(tx, id, now.phone, phone);
	db_queue_version(tx, &member_set_row, A(id), A(version), A(name), A(phone));
	return named(tx, field);
}

static bool has_admin(const struct list *roles)
{
	const struct role_given *r = roles->at;

	for (size_t i = 0; i < roles->count; i++)
		if (strcmp(r[i].role, "admin") == 0)
			return true;
	return false;
}

enum err member_set_roles(struct tx *tx, int64_t by, int64_t id, int64_t version,
	const struct list *wanted, const char **field)
{
	const char *roles = roles_text(tx, wanted);
	struct member now;

	TRY(member_load(tx, id, &now));
	TRY(check_roles(tx, roles, field));
	if (id == by && !has_admin(wanted)) /* only an admin comes here */
		return E_OWN_ACCOUNT;
	db_queue_version(tx, &member_touch, A(id), A(version));
	db_queue(tx, &member_give_roles, A(roles), A(id));
	db_queue(tx, &member_take_roles, A(roles), A(id));
	return db_sync(tx);
}

enum err member_disable(struct tx *tx, int64_t by, int64_t id, const char *reason)
{
	struct member now;

	TRY(member_load(tx, id, &now));
	if (id == by)
		return E_OWN_ACCOUNT;
	account_disable(tx, id, reason);
	return db_sync(tx);
}

enum err member_enable(struct tx *tx, int64_t id)
{
	struct member now;

	TRY(member_load(tx, id, &now));
	account_enable(tx, id);
	return db_sync(tx);
}

SQL(member_go, "SELECT 1 WHERE member_remove($1, $2, $3)");

enum err member_remove(struct tx *tx, int64_t by, int64_t id, int64_t version)
{
	struct member now;

	TRY(member_load(tx, id, &now));
	if (id == by)
		return E_OWN_ACCOUNT;
	person_phone(tx, id, now.phone, NULL);
	db_queue_version(tx, &member_go, A(id),
		A(version == ANY_VERSION ? now.version : version), A(settings.wx_web_appid));
	return db_sync(tx);
}
