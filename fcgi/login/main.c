#include "base/settings.h"
#include "login/refresh.h"
#include "login/token.h"
#include "oauth/oauth.h"

#include <string.h>

/* The token endpoint (RFC 6749 §3.2) with revocation (RFC 7009), metadata (RFC
 * 8414) and keys (RFC 7517). Nothing here waits for anybody: what does is handed
 * over, so that a stalled WeChat or a storm of passwords can't keep those from
 * refreshing who are signed in. */

static enum err exchange(struct req *r, const char *token, struct grant *grant)
{
	bool reused = false;

	own_begin(r, TX_WRITE);
	TRY(tx_end(&r->tx,
		grant_refresh(&r->tx, token, header(r, "HTTP_USER_AGENT"), grant, &reused)));
	return reused ? E_TOKEN_INVALID : E_OK;
}

/* From the body, or from the page's cookie; then the next one goes there too. */
static enum err refresh(struct req *r, struct token_in *in)
{
	struct grant grant;
	enum err err = E_OK;
	const char *token = in->refresh_token;

	if (!token) {
		token = refresh_cookie(r, &err);
		in->deliver = "cookie";
		if (err == E_BAD_FIELD)
			return fail(r, err, "refresh_token");
		TRY(err);
	}
	err = exchange(r, token, &grant);
	if (err == E_RETRY) /* a lost race, as the runner does for others */
		err = exchange(r, token, &grant);
	TRY(err);
	return reply_grant(r, in, &grant);
}

/* Another site could else sign a browser in as somebody of its choice: a form needs
 * no leave to be sent anywhere. Browsers say where a POST comes from. */
static bool is_of_another_site(const struct req *r, const struct token_in *in)
{
	const char *origin = header(r, "HTTP_ORIGIN");

	return in->deliver && strcmp(in->deliver, "cookie") == 0 && origin &&
	       strcmp(origin, settings.issuer) != 0;
}

/* All grants come through here first, before anything of them is spent. */
static enum err token(struct req *r)
{
	static const struct {
		const char *grant_type, *pool;
	} others[] = {
		{GRANT_PASSWORD, "password"},
		{GRANT_WECHAT, "identity"},
		{GRANT_SCAN, "identity"},
		{GRANT_SMS, "identity"},
	};
	struct token_in in = *(const struct token_in *)r->in;

	if (is_of_another_site(r, &in))
		return E_FORBIDDEN;
	if (strcmp(in.grant_type, GRANT_REFRESH) == 0)
		return refresh(r, &in);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(in.grant_type, others[i].grant_type) == 0)
			return hand_over(r, others[i].pool);
	return E_GRANT_TYPE;
}

enum { REVOKED_MAX = 2048 }; /* several times what ours are long */

struct revoke_in {
	const char *token, *token_type_hint;
};
static const struct field revoke_in_fields[] = {
	FIELD(struct revoke_in, token, .optional = true, .min = 1, .max = REVOKED_MAX),
	FIELD(struct revoke_in, token_type_hint, .optional = true, .min = 1, .max = 64),
};
static const struct shape revoke_in_shape = SHAPE(struct revoke_in, revoke_in_fields);

/* An access token ends its session too. A wrong token is no error: it opens
 * nothing, which is what was wanted (RFC 7009 §2.2). */
static enum err end_of(struct req *r, const char *token)
{
	struct claims claims;

	own_begin(r, TX_WRITE);
	if (token_check(token, strlen(token), &claims) == E_OK)
		session_end(&r->tx, claims.session_id, "logout");
	else
		TRY(grant_revoke(&r->tx, token));
	return E_OK;
}

static enum err revoke(struct req *r)
{
	const struct revoke_in *in = r->in;
	const char *token = in->token;
	enum err err = E_OK;

	if (!token) {
		token = refresh_cookie(r, &err);
		if (err == E_BAD_FIELD)
			return fail(r, err, "token");
		TRY(err);
		refresh_cookie_clear(r);
	}
	TRY(tx_end(&r->tx, end_of(r, token)));
	buf_puts(reply_begin(r, 200), "{}");
	return reply_end(r);
}

static enum err metadata(struct req *r)
{
	struct buf *b = reply_begin(r, 200);
	const char *base = settings.issuer;

	json_open(b, NULL, '{');
	json_text(b, "issuer", base);
	json_text(b, "token_endpoint", arena_printf(r->mem, "%s/oauth2/token", base));
	json_text(b, "revocation_endpoint", arena_printf(r->mem, "%s/oauth2/revoke", base));
	json_text(b, "jwks_uri", arena_printf(r->mem, "%s/oauth2/jwks", base));
	json_open(b, "grant_types_supported", '[');
	json_text(b, NULL, GRANT_REFRESH);
	json_text(b, NULL, GRANT_PASSWORD);
	json_text(b, NULL, GRANT_WECHAT);
	if (*settings.wx_web_appid)
		json_text(b, NULL, GRANT_SCAN);
	if (*settings.sms_url)
		json_text(b, NULL, GRANT_SMS);
	json_close(b, ']');
	json_raw(b, "response_types_supported", "[]");
	json_raw(b, "token_endpoint_auth_methods_supported", "[\"none\"]");
	json_raw(b, "revocation_endpoint_auth_methods_supported", "[\"none\"]");
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
	{POST, "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
		.flags = FORM | OAUTH,
		.says = "A token for a code, a password, or the refresh token before"},
	{POST, "/oauth2/revoke", PUBLIC, TX_NONE, revoke, .body = &revoke_in_shape,
		.flags = FORM | OAUTH, .says = "End the session behind a token"},
	{GET, "/oauth2/jwks", GUEST, TX_NONE, jwks, .flags = CACHEABLE,
		.says = "Public keys of our tokens"},
	{GET, "/.well-known/oauth-authorization-server", GUEST, TX_NONE, metadata,
		.flags = CACHEABLE, .says = "What the token endpoint can do (RFC 8414)"},
	{0},
};

static void init(void)
{
	tokens_init();
	refresh_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {login_routes, NULL};
	static const struct web login = {.name = "login", .tables = tables, .init = init};

	return web_main(argc, argv, &login);
}
