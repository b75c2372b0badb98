#include "account/staff_login.h"

#include "account/password.h"
#include "account/session.h"
#include "base/log.h"

static const struct field login_fields[] = {
	FIELD(struct staff_login, account_id),
	FIELD(struct staff_login, username),
	FIELD(struct staff_login, hash),
};
static const struct shape login_shape = SHAPE(struct staff_login, login_fields);

struct lock {
	int64_t seconds;
};
static const struct field lock_fields[] = {FIELD(struct lock, seconds)};
static const struct shape lock_shape = SHAPE(struct lock, lock_fields);

#define WHOSE                                                          \
	" FROM account a WHERE a.id = l.account_id AND l.has_password" \
	" AND a.disabled_at IS NULL AND (l.username = $1 OR l.account_id = $2)"

/* The row is locked and looked at again by each try in its turn. */
SQL(staff_login_try,
	"UPDATE staff_login l SET failed = l.failed + 1, locked_until = CASE WHEN l.failed >= 4"
	" THEN now() + interval '30 seconds' * (1 << least(l.failed - 4, 5)::int) END" WHOSE
	" AND coalesce(l.locked_until <= now(), true)"
	" RETURNING l.account_id, l.username, l.password_hash AS hash");
SQL(staff_login_lock,
	"SELECT ceil(extract(epoch FROM l.locked_until - now()))::bigint AS seconds"
	" FROM staff_login l JOIN account a ON a.id = l.account_id WHERE a.disabled_at IS NULL"
	" AND (l.username = $1 OR l.account_id = $2) AND l.locked_until > now()");
SQL(staff_login_pass,
	"UPDATE staff_login SET failed = 0, locked_until = NULL, password_hash = $3"
	" WHERE account_id = $1 AND password_hash = $2");

static enum err take_try(struct tx *tx, const struct staff_login_ask *ask, struct list *logins,
	struct list *locks)
{
	struct db_arg id = arg_id_or_null(ask->account_id);

	db_ask_all(tx, &staff_login_try, &login_shape, logins, A(ask->username), A(id));
	db_ask_all(tx, &staff_login_lock, &lock_shape, locks, A(ask->username), A(id));
	return E_OK;
}

/* The hash is empty for who can't try. */
static enum err begin(struct db *db, struct arena *mem, const struct staff_login_ask *ask,
	struct staff_login *out)
{
	struct list logins, locks;
	struct tx tx;

	*out = (struct staff_login){0};
	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, take_try(&tx, ask, &logins, &locks)));
	if (logins.count == 1)
		*out = *(const struct staff_login *)logins.at;
	else if (locks.count == 1)
		out->locked_s = ((const struct lock *)locks.at)->seconds;
	return E_OK;
}

static enum err passed(struct db *db, struct arena *mem, const struct staff_login_ask *ask,
	struct staff_login *login)
{
	const char *hash = login->hash;
	struct tx tx;

	if (!password_hash_current(hash))
		hash = password_hash(mem, ask->password);
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue_one(
		&tx, &staff_login_pass, E_RETRY, A(login->account_id), A(login->hash), A(hash));
	TRY(tx_end(&tx, E_OK));
	login->hash = hash;
	return E_OK;
}

static enum err check(struct db *db, struct arena *mem, const struct staff_login_ask *ask,
	struct staff_login *out)
{
	TRY(begin(db, mem, ask, out));
	bool right = password_matches(out->hash, ask->password);
	if (out->locked_s > 0)
		return E_LOGIN_LOCKED;
	if (!right && out->account_id)
		log_warn("password_wrong", "account %lld", (long long)out->account_id);
	return right ? passed(db, mem, ask, out) : E_LOGIN_REFUSED;
}

/* Another login may have made the hash anew meanwhile. */
enum err staff_login_check(struct db *db, struct arena *mem, const struct staff_login_ask *ask,
	struct staff_login *out)
{
	enum err err = check(db, mem, ask, out);

	return err == E_RETRY ? check(db, mem, ask, out) : err;
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
