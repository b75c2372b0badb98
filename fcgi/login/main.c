#include "account/account.h"
#include "account/password.h"
#include "account/token.h"
#include "account/wechat_login.h"
#include "base/settings.h"
#include "guard/limit.h"
#include "web/web.h"

#include <string.h>

/* The OAuth2 token endpoint (RFC 6749 §3.2), its metadata (RFC 8414) and keys
 * (RFC 7517). It waits for WeChat and hashes passwords, so it has a pool of its
 * own. */

#define GRANT_WECHAT "urn:zhixing:wechat-code"

enum { CODE_MAX = 512, USERNAME_MAX = 32, TRIES = 3, PER_MINUTE_WECHAT = 600 };

struct token_in {
	const char *grant_type, *code, *username, *password;
};
static const struct field token_in_fields[] = {
	FIELD(struct token_in, grant_type, .min = 1, .max = 64),
	FIELD(struct token_in, code, .optional = true, .min = 1, .max = CODE_MAX),
	FIELD(struct token_in, username, .optional = true, .min = 1, .max = USERNAME_MAX),
	FIELD(struct token_in, password, .optional = true, .min = 1, .max = PASSWORD_MAX),
};
static const struct shape token_in_shape = SHAPE(struct token_in, token_in_fields);

static enum err open_for_wechat(
	struct req *r, const struct wechat_identity *who, struct grant *grant)
{
	int64_t account_id;

	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	TRY(account_of_wechat(
		&r->tx, settings.wx_appid, who->openid, who->unionid, &account_id));
	TRY(session_open(&r->tx, account_id, CLIENT_MINI, grant));
	return tx_commit(&r->tx);
}

/* A code can be spent once, so a lost race is run again from behind the call. */
static enum err by_wechat_code(struct req *r, const struct token_in *in, struct grant *grant)
{
	struct wechat_identity who;
	enum err err = E_RETRY;

	if (!in->code)
		return fail(r, E_BAD_FIELD, "code");
	TRY(limit_take("wechat-login", r->remote ? r->remote : "-", PER_MINUTE_WECHAT,
		PER_MINUTE_WECHAT, &r->retry_after_s));
	TRY(wechat_login(r->mem, in->code, &who));
	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		err = open_for_wechat(r, &who, grant);
		if (err != E_OK)
			tx_rollback(&r->tx);
	}
	return err;
}

static enum err password_wrong(struct req *r, const struct staff_login *login)
{
	if (!login->hash)
		return E_LOGIN_REFUSED;
	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	staff_login_failed(&r->tx, login->account_id);
	TRY(tx_commit(&r->tx));
	return E_LOGIN_REFUSED;
}

/* An unknown name takes as long as a wrong password and says the same. */
static enum err by_password(struct req *r, const struct token_in *in, struct grant *grant)
{
	struct staff_login login;
	int per_minute = (int)settings.login_per_minute;

	if (!in->username || !in->password)
		return fail(r, E_BAD_FIELD, in->username ? "password" : "username");
	TRY(limit_take("password", r->remote ? r->remote : "-", per_minute, per_minute,
		&r->retry_after_s));
	tx_begin(&r->tx, r->db, r->mem, TX_READ);
	enum err err = staff_login_load(&r->tx, in->username, &login);
	if (err == E_NOT_FOUND)
		login = (struct staff_login){0};
	else
		TRY(err);
	bool right = password_matches(login.hash, in->password);
	r->retry_after_s = login.locked_s;
	if (login.locked_s > 0)
		return E_LOGIN_LOCKED;
	if (!right)
		return password_wrong(r, &login);
	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	staff_login_passed(&r->tx, login.account_id);
	TRY(session_open(&r->tx, login.account_id, CLIENT_STAFF, grant));
	return tx_commit(&r->tx);
}

static enum err token(struct req *r)
{
	const struct token_in *in = r->in;
	struct grant grant;

	if (strcmp(in->grant_type, GRANT_WECHAT) == 0)
		TRY(by_wechat_code(r, in, &grant));
	else if (strcmp(in->grant_type, "password") == 0)
		TRY(by_password(r, in, &grant));
	else
		return E_GRANT_TYPE;
	return reply(r, 200, &grant_shape, &grant);
}

static enum err metadata(struct req *r)
{
	struct buf *b = reply_begin(r, 200);

	json_open(b, NULL, '{');
	json_text(b, "issuer", settings.issuer);
	json_text(
		b, "token_endpoint", arena_printf(r->mem, "%s/oauth2/token", settings.issuer));
	json_text(b, "jwks_uri", arena_printf(r->mem, "%s/oauth2/jwks", settings.issuer));
	json_raw(b, "grant_types_supported", "[\"" GRANT_WECHAT "\",\"password\"]");
	json_raw(b, "response_types_supported", "[]");
	json_raw(b, "token_endpoint_auth_methods_supported", "[\"none\"]");
	json_raw(b, "scopes_supported", "[\"user\",\"staff\"]");
	json_close(b, '}');
	return reply_end(r);
}

static enum err jwks(struct req *r)
{
	jwks_write(reply_begin(r, 200));
	return reply_end(r);
}

static const struct route login_routes[] = {
	{POST,		  "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
         .flags = FORM | OAUTH,
         .says = "A token for a mini-program code or a staff password"},
	{GET,	       "/oauth2/jwks", GUEST, TX_NONE, jwks, .flags = CACHEABLE,
         .says = "Public keys of our tokens"},
	{GET,		"/.well-known/oauth-authorization-server", GUEST, TX_NONE, metadata,
         .flags = CACHEABLE, .says = "What the token endpoint can do (RFC 8414)"},
	{0},
};

static void init(void)
{
	tokens_init();
	wechat_login_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {login_routes, NULL};
	static const struct web login = {.name = "login", .tables = tables, .init = init};

	return web_main(argc, argv, &login);
}
