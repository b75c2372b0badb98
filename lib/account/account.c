#include "account/account.h"

#include "account/kind.h"
#include "account/person.h"

static const struct field account_fields[] = {
	FIELD(struct account, id),
	FIELD(struct account, nickname),
	FIELD(struct account, phone, .optional = true),
	FIELD(struct account, roles),
};
const struct shape account_shape = SHAPE(struct account, account_fields);

SQL(account_by_id,
	"SELECT a.id, a.nickname, a.phone,"
	" (SELECT coalesce(jsonb_agg(DISTINCT r.role), '[]') FROM account_role r"
	"  WHERE r.account_id = a.id) AS roles"
	" FROM account a WHERE a.id = $1");

enum err account_load(struct tx *tx, int64_t id, struct account *out)
{
	return db_one(tx, &account_by_id, &account_shape, out, A(id));
}

struct known {
	int64_t account_id;
	bool learns; /* the unionid, which was not known before */
};
static const struct field known_fields[] = {
	FIELD(struct known, account_id),
	FIELD(struct known, learns),
};
static const struct shape known_shape = SHAPE(struct known, known_fields);

SQL(account_by_openid,
	"SELECT account_id, unionid IS NULL AND $3::text IS NOT NULL AS learns"
	" FROM wechat_identity WHERE appid = $1 AND openid = $2");
SQL(unionid_lock, "SELECT pg_advisory_xact_lock(hashtextextended('unionid ' || $1, 0))");
SQL(account_by_unionid,
	"SELECT account_id FROM wechat_identity WHERE unionid = $1 ORDER BY created_at LIMIT 1");
SQL(identity_learn,
	"UPDATE wechat_identity SET unionid = $3 WHERE appid = $1 AND openid = $2"
	" AND unionid IS NULL");
SQL(account_insert, "INSERT INTO account (id) VALUES ($1)");
/* An account that is being deleted at this moment gets no new identity. */
SQL(identity_insert,
	"INSERT INTO wechat_identity (appid, openid, unionid, account_id)"
	" SELECT $1, $2, $3, a.id FROM account a WHERE a.id = $4 AND a.left_at IS NULL"
	" FOR KEY SHARE ON CONFLICT (appid, openid) DO NOTHING");

/* Of two first logins of one person through two apps the later one sees the earlier. */
static enum err find_or_add(struct tx *tx, const char *unionid, int64_t *account_id)
{
	enum err err = E_NOT_FOUND;

	if (unionid) {
		db_queue(tx, &unionid_lock, A(unionid));
		err = db_value(tx, &account_by_unionid, account_id, A(unionid));
	}
	if (err != E_NOT_FOUND)
		return err;
	TRY(ids_take(tx, 1, account_id));
	db_queue(tx, &account_insert, A(*account_id));
	return E_OK;
}

enum err account_of_wechat(struct tx *tx, const char *appid, const char *openid,
	const char *unionid, int64_t *account_id)
{
	const struct wechat_id id = {.appid = appid, .openid = openid, .unionid = unionid};
	struct known known;
	enum err err = db_one(
		tx, &account_by_openid, &known_shape, &known, A(appid), A(openid), A(unionid));

	if (err == E_OK) {
		*account_id = known.account_id;
		if (!known.learns)
			return E_OK;
		db_queue(tx, &identity_learn, A(appid), A(openid), A(unionid));
	} else {
		TRY(err == E_NOT_FOUND ? find_or_add(tx, unionid, account_id) : err);
		db_queue_one(tx, &identity_insert, E_RETRY, A(appid), A(openid), A(unionid),
			A(*account_id));
	}
	person_gets_wechat(tx, *account_id, &id);
	return E_OK;
}

SQL(account_hold, "SELECT 1 FROM account WHERE id = $1 AND left_at IS NULL FOR NO KEY UPDATE");
SQL(account_of_member, "SELECT 1 FROM account a WHERE a.id = $1 AND " ACCOUNT_IS_MEMBER("a"));

static void hold_customer(struct tx *tx, int64_t id)
{
	db_queue_one(tx, &account_hold, E_SESSION_ENDED, A(id));
	db_queue_none(tx, &account_of_member, E_STAFF_ACCOUNT, A(id));
}

SQL(account_rename,
	"UPDATE account SET nickname = $2, version = version + 1"
	" WHERE id = $1 AND " ACCOUNT_IS_CUSTOMER("account"));

void account_set_nickname(struct tx *tx, int64_t id, const char *nickname)
{
	hold_customer(tx, id);
	db_queue_one(tx, &account_rename, E_STAFF_ACCOUNT, A(id), A(nickname));
}

SQL(openid_of_account,
	"SELECT openid FROM wechat_identity WHERE account_id = $1 AND appid = $2 LIMIT 1");

enum err account_openid(struct tx *tx, int64_t id, const char *appid, const char **out)
{
	enum err err = db_value(tx, &openid_of_account, out, A(id), A(appid));

	return err == E_NOT_FOUND ? E_NO_OPENID : err;
}

/* A number that another account has is found here, under a lock. The unique index would
 * refuse it, too, but then PostgreSQL would write the number into its log. */
SQL(phone_lock, "SELECT pg_advisory_xact_lock(hashtextextended('phone ' || $1, 0))");
SQL(account_set_phone,
	"UPDATE account SET phone = $2, version = version + 1 WHERE id = $1"
	" AND " ACCOUNT_IS_CUSTOMER(
		"account") " AND NOT EXISTS (SELECT 1 FROM account a WHERE a.phone = $2 AND a.id <> $1)");

SQL(account_phone, "SELECT coalesce(phone, '') FROM account WHERE id = $1");

enum err phone_bind(struct tx *tx, int64_t account_id, const char *phone)
{
	const char *was;

	db_queue(tx, &phone_lock, A(phone));
	hold_customer(tx, account_id);
	TRY(db_value(tx, &account_phone, &was, A(account_id)));
	person_phone(tx, account_id, *was ? was : NULL, phone);
	db_queue_one(tx, &account_set_phone, E_PHONE_TAKEN, A(account_id), A(phone));
	return E_OK;
}

SQL(account_set_disabled,
	"UPDATE account SET disabled_at = now(), disabled_reason = $2, version = version + 1"
	" WHERE id = $1 AND disabled_at IS NULL");
SQL(account_set_enabled,
	"UPDATE account SET disabled_at = NULL, disabled_reason = NULL, version = version + 1"
	" WHERE id = $1 AND disabled_at IS NOT NULL AND left_at IS NULL");

void account_disable(struct tx *tx, int64_t id, const char *reason)
{
	db_queue(tx, &account_set_disabled, A(id), A(reason));
}

void account_enable(struct tx *tx, int64_t id)
{
	db_queue(tx, &account_set_enabled, A(id));
}
