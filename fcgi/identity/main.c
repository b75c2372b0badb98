#include "account/account.h"
#include "account/refresh.h"
#include "account/token.h"
#include "account/wechat_login.h"
#include "base/settings.h"
#include "guard/limit.h"
#include "oauth/oauth.h"

#include <string.h>

/* What waits for others to say who somebody is. */

enum { PER_MINUTE_WECHAT = 600 };

static enum err open_for_wechat(
	struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	const struct wechat_identity *who = arg;
	int64_t account_id;

	TRY(account_of_wechat(tx, settings.wx_appid, who->openid, who->unionid, &account_id));
	struct login login = login_of(r, r->in, CLIENT_MINI, account_id);
	return session_open(tx, &login, grant);
}

/* A code can be spent once, so a lost race is run again from behind the call. */
static enum err by_wechat_code(struct req *r, const struct token_in *in)
{
	struct wechat_identity who;

	if (!in->code)
		return fail(r, E_BAD_FIELD, "code");
	TRY(limit_take("wechat-login", r->remote ? r->remote : "-", PER_MINUTE_WECHAT,
		PER_MINUTE_WECHAT, &r->retry_after_s));
	TRY(wechat_login(r->mem, in->code, &who));
	return login_and_reply(r, in, open_for_wechat, &who);
}

static enum err token(struct req *r)
{
	const struct token_in *in = r->in;

	if (strcmp(in->grant_type, GRANT_WECHAT) == 0)
		return by_wechat_code(r, in);
	return E_GRANT_TYPE;
}

static const struct route identity_routes[] = {
	{POST,    "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
         .flags = FORM | OAUTH, .says = "A token for a code of WeChat or of an SMS"},
	{0},
};

static void init(void)
{
	tokens_init();
	refresh_init();
	wechat_login_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {identity_routes, NULL};
	static const struct web identity = {.name = "identity",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &identity);
}
