#include "login/scan.h"

#include "account/kind.h"
#include "base/settings.h"
#include "codec/crypto.h"

enum { SECRET_LENGTH = 32 }; /* of 62 characters: 190 bits */

static const struct field scan_fields[] = {
	FIELD(struct scan, url),
	FIELD(struct scan, state),
	FIELD(struct scan, expires_in),
};
const struct shape scan_shape = SHAPE(struct scan, scan_fields);

static const char *secret_new(struct arena *mem)
{
	char *text = arena_alloc(mem, SECRET_LENGTH + 1, 1);

	random_text(text, SECRET_LENGTH);
	return text;
}

static const char *digest(struct arena *mem, const char *text)
{
	char *sum = arena_alloc(mem, SHA256_HEX, 1);

	sha256_hex(text, strlen(text), sum);
	return sum;
}

/* Each one that begins takes some old ones away, so they never pile up. */
SQL(login_state_insert,
	"WITH old AS (DELETE FROM login_state WHERE state IN (SELECT state FROM login_state"
	"  WHERE expires_at < now() LIMIT 20 FOR UPDATE SKIP LOCKED))"
	" INSERT INTO login_state (state, browser, expires_at)"
	" VALUES ($1, $2, now() + make_interval(secs => $3::bigint))");

void scan_begin(struct tx *tx, struct scan *out)
{
	out->state = secret_new(tx->mem);
	out->browser = secret_new(tx->mem);
	out->url = wechat_web_page(tx->mem, out->state);
	out->expires_in = SCAN_LIFE_S;
	db_queue(tx, &login_state_insert, A(digest(tx->mem, out->state)),
		A(digest(tx->mem, out->browser)), A(SCAN_LIFE_S));
}

/* With both in the condition, a stranger's try doesn't spend it. */
SQL(login_state_spend,
	"DELETE FROM login_state WHERE state = $1 AND browser = $2 AND expires_at > now()");

void scan_spend(struct tx *tx, const char *state, const char *browser)
{
	db_queue_one(tx, &login_state_spend, E_LOGIN_REFUSED, A(digest(tx->mem, state)),
		A(digest(tx->mem, browser ? browser : "")));
}

/* What was bound counts before what is only joined: a member who was disabled must
 * not come in by another account. */
SQL(staff_of_wechat,
	"WITH known AS (SELECT account_id, created_at, appid = $1 AND openid = $2 AS bound"
	"  FROM wechat_identity WHERE (appid = $1 AND openid = $2) OR unionid = $3)"
	" SELECT a.id FROM known k JOIN account a ON a.id = k.account_id"
	" WHERE (k.bound OR NOT EXISTS (SELECT 1 FROM known WHERE bound))"
	"  AND " MAY_LOG_IN_AS_STAFF("a") " ORDER BY k.created_at LIMIT 1");

enum err scan_account(struct tx *tx, const struct wechat_identity *wechat, int64_t *account_id)
{
	enum err err = db_value(tx, &staff_of_wechat, account_id, A(settings.wx_web_appid),
		A(wechat->openid), A(wechat->unionid));

	return err == E_NOT_FOUND ? E_LOGIN_REFUSED : err;
}

SQL(wechat_joined_elsewhere,
	"SELECT 1 FROM wechat_identity w JOIN account a ON a.id = w.account_id"
	" WHERE w.unionid = $2 AND a.id <> $1"
	" AND " MAY_LOG_IN_AS_STAFF("a") " LIMIT 1");
/* Removing the member deletes this row and the binding; one waits for the other. */
SQL(wechat_of_member, "SELECT 1 FROM staff_login WHERE account_id = $1 FOR KEY SHARE");
SQL(wechat_let_go,
	"DELETE FROM wechat_identity WHERE account_id = $1 AND appid = $2 AND openid <> $3");
/* Another account's row is not touched, and then no row counts as touched. */
SQL(wechat_bind,
	"INSERT INTO wechat_identity AS w (appid, openid, unionid, account_id)"
	" VALUES ($2, $3, $4, $1) ON CONFLICT (appid, openid) DO UPDATE"
	" SET unionid = coalesce(excluded.unionid, w.unionid)"
	" WHERE w.account_id = excluded.account_id");

enum err scan_bind(struct tx *tx, int64_t account_id, const struct wechat_identity *wechat)
{
	const char *appid = settings.wx_web_appid;

	db_queue_one(tx, &wechat_of_member, E_SESSION_ENDED, A(account_id));
	db_queue_none(tx, &wechat_joined_elsewhere, E_WECHAT_TAKEN, A(account_id),
		A(wechat->unionid));
	db_queue(tx, &wechat_let_go, A(account_id), A(appid), A(wechat->openid));
	db_queue_one(tx, &wechat_bind, E_WECHAT_TAKEN, A(account_id), A(appid),
		A(wechat->openid), A(wechat->unionid));
	return db_sync(tx);
}

SQL(wechat_unbind, "DELETE FROM wechat_identity WHERE account_id = $1 AND appid = $2");
SQL(wechat_unjoin,
	"UPDATE wechat_identity SET unionid = NULL"
	" WHERE account_id = $1 AND unionid IS NOT NULL");

void scan_unbind(struct tx *tx, int64_t account_id)
{
	db_queue(tx, &wechat_unbind, A(account_id), A(settings.wx_web_appid));
	db_queue(tx, &wechat_unjoin, A(account_id));
}

static const struct field binding_fields[] = {
	FIELD(struct binding, bound),
	FIELD(struct binding, since, .optional = true),
};
const struct shape binding_shape = SHAPE(struct binding, binding_fields);

SQL(wechat_binding,
	"SELECT count(*) > 0 AS bound, min(created_at) AS since FROM wechat_identity"
	" WHERE account_id = $1 AND appid = $2");

enum err binding_load(struct tx *tx, int64_t account_id, struct binding *out)
{
	return db_one(tx, &wechat_binding, &binding_shape, out, A(account_id),
		A(settings.wx_web_appid));
}
