#include "account/keyed_hash.h"
#include "guard/admit.h"
#include "login/refresh.h"
#include "login/session.h"
#include "login/token.h"
#include "password.h"

static void init(void)
{
	tokens_init();
	refresh_init();
	keyed_hash_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {token_routes, password_routes, NULL};
	static const struct web password = {.name = "password",
		.tables = tables,
		.init = init,
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &password);
}
