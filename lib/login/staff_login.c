#include "login/staff_login.h"

#include "account/keyed_hash.h"
#include "base/log.h"
#include "base/plain.h"
#include "login/device.h"
#include "login/password.h"
#include "login/session.h"

#include <inttypes.h>

enum { FREE = 5, FREE_EVERYWHERE = 100 };

static const struct field login_fields[] = {
	FIELD(struct staff_login, account_id, .optional = true),
	FIELD(struct staff_login, username, .optional = true),
	FIELD(struct staff_login, hash, .optional = true),
	FIELD(struct staff_login, locked_s),
};
static const struct shape login_shape = SHAPE(struct staff_login, login_fields);

SQL(staff_login_count,
	"SELECT account_id, username, hash, locked_s"
	" FROM staff_login_take($1, $2, $3, $4, $5, $6, $7, $8)");
SQL(staff_login_pass,
	"UPDATE staff_login SET failed = 0, locked_until = NULL, password_hash = $3"
	" WHERE account_id = $1 AND password_hash = $2");
SQL(login_place_pass, "DELETE FROM login_place WHERE name = $1 AND place IN ($2, $3)");

/* What a try is counted under. */
struct keys {
	const char *name, *place, *device;
	int64_t device_of;
};

static const char *name_key(struct arena *mem, const char *username, int64_t account_id)
{
	return username ? keyed_hash(mem, "name", username)
			: keyed_hash(mem, "member", arena_printf(mem, "%" PRId64, account_id));
}

static struct keys keys_of(struct arena *mem, const struct staff_login_params *p)
{
	return (struct keys){
		.name = name_key(mem, p->username, p->account_id),
		.place = keyed_hash(mem, "login place", p->place),
		.device = keyed_hash(mem, "login device", p->device ? p->device : "own"),
		.device_of = p->device ? device_account(mem, p->device) : 0,
	};
}

/* out->hash is NULL if nothing may be compared: an unknown name, or a locked one. */
static enum err begin(struct db *db, struct arena *mem, const struct staff_login_params *p,
	struct staff_login *out)
{
	struct keys k = keys_of(mem, p);
	struct tx tx;

	*out = (struct staff_login){0};
	tx_begin(&tx, db, mem, TX_WRITE);
	db_ask_one(&tx, &staff_login_count, &login_shape, out, E_INTERNAL, A(p->username),
		A(arg_id_or_null(p->account_id)), A(k.name), A(k.place), A(k.device_of),
		A(k.device), A(FREE), A(FREE_EVERYWHERE));
	return tx_end(&tx, E_OK);
}

static enum err passed(struct db *db, struct arena *mem,
	const struct staff_login_params *params, struct staff_login *login)
{
	const char *hash = login->hash;
	struct keys k = keys_of(mem, params);
	struct tx tx;

	if (!password_hash_current(hash))
		hash = password_hash(mem, params->password);
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue_one(
		&tx, &staff_login_pass, E_RETRY, A(login->account_id), A(login->hash), A(hash));
	db_queue(&tx, &login_place_pass, A(k.name), A(k.place), A(k.device));
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
	struct staff_login_params p = *params;

	p.username = text_folded(mem, p.username);
	enum err err = check(db, mem, &p, out);
	return err == E_RETRY ? check(db, mem, &p, out) : err;
}

SQL(staff_login_hold,
	"SELECT 1 FROM staff_login WHERE account_id = $1 AND password_hash = $2 FOR SHARE");

void staff_login_unchanged(struct tx *tx, const struct staff_login *login)
{
	db_queue_one(
		tx, &staff_login_hold, E_LOGIN_REFUSED, A(login->account_id), A(login->hash));
}

SQL(staff_login_by_account,
	"SELECT account_id, username, password_hash AS hash, 0::bigint AS locked_s"
	" FROM staff_login WHERE account_id = $1");

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

SQL(login_places_free, "DELETE FROM login_place WHERE name = $1");

void staff_password_give(struct tx *tx, const struct staff_login *login, const char *hash)
{
	db_queue_one(tx, &staff_password_given, E_NOT_FOUND, A(login->account_id), A(hash));
	db_queue(tx, &login_places_free, A(name_key(tx->mem, login->username, 0)));
	sessions_end(tx, login->account_id, 0, "password");
}
