#include "account/keyed_hash.h"
#include "guard/admit.h"
#include "identity.h"
#include "login/refresh.h"
#include "login/sms.h"
#include "login/token.h"
#include "wechat/app.h"
#include "wechat/web.h"

static void init(void)
{
	tokens_init();
	refresh_init();
	keyed_hash_init();
	wechat_app_init();
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
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &identity);
}
