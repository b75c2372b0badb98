#include "account/mark.h"
#include "base/settings.h"
#include "guard/admit.h"
#include "guard/limit.h"
#include "identity.h"
#include "login/refresh.h"
#include "login/scan.h"
#include "login/sms.h"
#include "login/token.h"
#include "wechat/token.h"

#include <string.h>

enum err entry_take(struct req *r, const char *way)
{
	int per_minute = (int)settings.login_per_minute;

	return limit_take(
		way, limit_place(r->mem, r->remote), per_minute, per_minute, &r->retry_after_s);
}

static enum err token(struct req *r)
{
	const struct token_in *in = r->in;

	if (strcmp(in->grant_type, GRANT_WECHAT) == 0)
		return by_wechat_code(r, in);
	if (strcmp(in->grant_type, GRANT_SCAN) == 0 && wechat_web_on())
		return by_scan(r, in);
	if (strcmp(in->grant_type, GRANT_SMS) == 0 && sms_on())
		return by_sms(r, in);
	return E_GRANT_TYPE;
}

static const struct route token_routes[] = {
	{POST, "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
		.flags = FORM | OAUTH, .says = "A token for a code of WeChat or of an SMS"},
	{0},
};

static void init(void)
{
	tokens_init();
	refresh_init();
	mark_init();
	wechat_login_init();
	wechat_token_init();
	wechat_web_init();
	sms_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {
		token_routes, wechat_routes, scan_routes, sms_routes, NULL};
	static const struct web identity = {.name = "identity",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &identity);
}
