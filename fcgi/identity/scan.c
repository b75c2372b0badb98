#include "login/scan.h"
#include "identity.h"

/* Staff who log in by scanning WeChat's QR code, and bind their WeChat for it. */

static enum err begin(struct req *r)
{
	struct scan scan;

	if (!wechat_web_on())
		return E_GRANT_TYPE;
	TRY(login_try_take(r, "scan"));
	scan_begin(&r->tx, &scan);
	r->cookie = arena_printf(r->mem,
		SCAN_COOKIE "=%s; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=%d",
		scan.browser, SCAN_LIFE_S);
	return reply(r, 200, &scan_shape, &scan);
}

/* The state is spent, and that stored, before WeChat is asked about the code. */
static enum err identify(
	struct req *r, const char *code, const char *state, struct wechat_identity *wechat)
{
	own_begin(r, TX_WRITE);
	scan_spend(&r->tx, state, cookie(r, SCAN_COOKIE));
	TRY(tx_end(&r->tx, E_OK));
	return wechat_web_login(r->mem, code, wechat);
}

static enum err open_for_scan(
	struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	int64_t account_id;

	TRY(scan_account(tx, arg, &account_id));
	struct login login = login_of(r, r->in, CLIENT_STAFF, account_id);
	return grant_open(tx, &login, grant);
}

enum err by_scan(struct req *r, const struct token_in *in)
{
	struct wechat_identity wechat;

	if (!in->code || !in->state)
		return fail(r, E_BAD_FIELD, in->code ? "state" : "code");
	TRY(login_try_take(r, "scan-login"));
	TRY(identify(r, in->code, in->state, &wechat));
	return login_and_reply(r, in, open_for_scan, &wechat);
}

struct bind_in {
	const char *code, *state;
};
static const struct field bind_in_fields[] = {
	FIELD(struct bind_in, code, .min = 1, .max = WECHAT_CODE_MAX),
	FIELD(struct bind_in, state, .min = 1, .max = SCAN_STATE_MAX),
};
static const struct shape bind_in_shape = SHAPE(struct bind_in, bind_in_fields);

static enum err show(struct req *r)
{
	struct binding binding;

	TRY(binding_load(&r->tx, r->caller.account_id, &binding));
	return reply(r, 200, &binding_shape, &binding);
}

static enum err bind_now(struct req *r, const struct wechat_identity *wechat)
{
	session_fresh(&r->tx, r->caller.session_id);
	TRY(scan_bind(&r->tx, r->caller.account_id, wechat));
	return show(r);
}

static enum err bind(struct req *r)
{
	const struct bind_in *in = r->in;
	struct wechat_identity wechat;

	if (!wechat_web_on())
		return E_GRANT_TYPE;
	TRY(login_try_take(r, "scan-login"));
	TRY(identify(r, in->code, in->state, &wechat));
	own_begin(r, TX_WRITE);
	return tx_end(&r->tx, bind_now(r, &wechat));
}

static enum err unbind(struct req *r)
{
	session_fresh(&r->tx, r->caller.session_id);
	scan_unbind(&r->tx, r->caller.account_id);
	return reply_empty(r);
}

const struct route scan_routes[] = {
	{POST, "/oauth2/scan", PUBLIC, TX_WRITE, begin, .flags = OAUTH,
		.says = "Begin a login by scan: the page with the QR code, and its state"},
	{GET, "/api/v1/staff/me/wechat", "staff", TX_READ, show,
		.says = "Whether a WeChat is bound to the own account"},
	{POST, "/api/v1/staff/me/wechat", "staff", TX_NONE, bind, .body = &bind_in_shape,
		.flags = IDEMPOTENT,
		.says = "Bind the own WeChat by a scan, for logins by scan"},
	{DELETE, "/api/v1/staff/me/wechat", "staff", TX_WRITE, unbind,
		.says = "The own WeChat opens this account no longer"},
	{0},
};
