#include "login/staff_login.h"

#include "account/keyed_hash.h"
#include "base/log.h"
#include "login/password.h"
#include "login/session.h"

#include <inttypes.h>

static const struct field login_fields[] = {
	FIELD(struct staff_login, account_id),
	FIELD(struct staff_login, username),
	FIELD(struct staff_login, hash),
};
static const struct shape login_shape = SHAPE(struct staff_login, login_fields);

/* In all of them t is what is tried: a login, or a name that opens none. */
#define BEFORE "(CASE WHEN t.tried_at > now() - interval '1 day' THEN t.failed ELSE 0 END)"
#define FAILED_AGAIN                                  \
	" SET tried_at = now(), failed = 1 + " BEFORE \
	", locked_until = CASE WHEN 4 <= " BEFORE     \
	" THEN now() + interval '30 seconds' * (1 << least(5, " BEFORE " - 4)::int) END"
#define UNLOCKED " coalesce(t.locked_until <= now(), true)"
#define WHOSE                                                                               \
	" account a WHERE a.id = t.account_id AND t.has_password AND a.disabled_at IS NULL" \
	" AND (t.username = $1 OR t.account_id = $2)"
#define NOBODYS " NOT EXISTS (SELECT 1 FROM staff_login t," WHOSE ")"

/* The row is locked and looked at again by each try in its turn. */
SQL(staff_login_count, "UPDATE staff_login t" FAILED_AGAIN " FROM" WHOSE " AND" UNLOCKED
		       " RETURNING t.account_id, t.username, t.password_hash AS hash");
/* Each takes some old ones away. */
SQL(login_miss_try,
	"WITH old AS (DELETE FROM login_miss WHERE name <> $3 AND name IN (SELECT name"
	"  FROM login_miss WHERE tried_at < now() - interval '1 day' LIMIT 20"
	"  FOR UPDATE SKIP LOCKED))"
	" INSERT INTO login_miss AS t (name, failed, tried_at)"
	"  SELECT $3, 1, now() WHERE $3 IS NOT NULL AND" NOBODYS
	" ON CONFLICT (name) DO UPDATE" FAILED_AGAIN " WHERE" UNLOCKED " RETURNING failed");
SQL(staff_login_lock,
	"SELECT ceil(extract(epoch FROM locked_until - now()))::bigint FROM ("
	" SELECT t.locked_until FROM staff_login t," WHOSE
	" UNION ALL SELECT locked_until FROM login_miss WHERE name = $3 AND" NOBODYS
	") tried WHERE locked_until > now()");
SQL(staff_login_pass,
	"UPDATE staff_login SET failed = 0, locked_until = NULL, password_hash = $3"
	" WHERE account_id = $1 AND password_hash = $2");

struct taken {
	struct list logins;        /* of struct staff_login */
	struct list misses, locks; /* of int64_t: failures in a row; seconds */
};

static enum err take_try(
	struct tx *tx, const struct staff_login_params *params, struct taken *t)
{
	const char *name = params->username,
		   *hash = name ? keyed_hash(tx->mem, "name", name) : NULL;
	struct db_arg id = arg_id_or_null(params->account_id);

	db_ask_all(tx, &staff_login_count, &login_shape, &t->logins, A(name), A(id));
	db_ask_values(tx, &login_miss_try, int64_t, &t->misses, A(name), A(id), A(hash));
	db_ask_values(tx, &staff_login_lock, int64_t, &t->locks, A(name), A(id), A(hash));
	return E_OK;
}

/* out->hash is NULL if nothing may be compared: an unknown name, or a locked one. */
static enum err begin(struct db *db, struct arena *mem, const struct staff_login_params *params,
	struct staff_login *out)
{
	struct taken t;
	struct tx tx;

	*out = (struct staff_login){0};
	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, take_try(&tx, params, &t)));
	if (t.logins.count == 1)
		*out = *(const struct staff_login *)t.logins.at;
	else if (t.misses.count == 0 && t.locks.count == 1)
		out->locked_s = *(const int64_t *)t.locks.at;
	return E_OK;
}

static enum err passed(struct db *db, struct arena *mem,
	const struct staff_login_params *params, struct staff_login *login)
{
	const char *hash = login->hash;
	struct tx tx;

	if (!password_hash_current(hash))
		hash = password_hash(mem, params->password);
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue_one(
		&tx, &staff_login_pass, E_RETRY, A(login->account_id), A(login->hash), A(hash));
	TRY(tx_end(&tx, E_OK));
	login->hash = hash;
	return E_OK;
}

static enum err check(struct db *db, struct arena *mem, const struct staff_login_params *params,
	struct staff_login *out)
{
	TRY(begin(db, mem, params, out));
	bool right = password_matches(out->hash, params->password);
	if (out->locked_s > 0)
		return E_LOGIN_LOCKED;
	if (!right && out->account_id)
		log_warn("password_wrong", "account %" PRId64, out->account_id);
	return right ? passed(db, mem, params, out) : E_LOGIN_REFUSED;
}

/* Another login may have made the hash anew meanwhile. */
enum err staff_login_try(struct db *db, struct arena *mem,
	const struct staff_login_params *params, struct staff_login *out)
{
	enum err err = check(db, mem, params, out);

	return err == E_RETRY ? check(db, mem, params, out) : err;
}

SQL(staff_login_hold,
	"SELECT 1 FROM staff_login WHERE account_id = $1 AND password_hash = $2 FOR SHARE");

void staff_login_unchanged(struct tx *tx, const struct staff_login *login)
{
	db_queue_one(
		tx, &staff_login_hold, E_LOGIN_REFUSED, A(login->account_id), A(login->hash));
}

SQL(staff_login_by_account,
	"SELECT account_id, username, password_hash AS hash FROM staff_login WHERE account_id = $1");

enum err staff_login_load(struct tx *tx, int64_t account_id, struct staff_login *out)
{
	*out = (struct staff_login){0};
	return db_one(tx, &staff_login_by_account, &login_shape, out, A(account_id));
}

#define NEW_PASSWORD(must_change)                                        \
	"UPDATE staff_login SET password_hash = $2, changed_at = now()," \
	" failed = 0, locked_until = NULL, must_change = " must_change   \
	" WHERE account_id = $1"
SQL(staff_password_own, NEW_PASSWORD("false") " AND password_hash = $3");
SQL(staff_password_given, NEW_PASSWORD("true"));

void staff_password_change(
	struct tx *tx, const struct staff_login *login, const char *hash, int64_t session_id)
{
	db_queue_one(tx, &staff_password_own, E_LOGIN_REFUSED, A(login->account_id), A(hash),
		A(login->hash));
	sessions_end(tx, login->account_id, session_id, "password");
}

void staff_password_give(struct tx *tx, int64_t account_id, const char *hash)
{
	db_queue_one(tx, &staff_password_given, E_NOT_FOUND, A(account_id), A(hash));
	sessions_end(tx, account_id, 0, "password");
}
