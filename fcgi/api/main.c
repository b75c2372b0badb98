#include "account/keyed_hash.h"
#include "api.h"
#include "checkin/checkin.h"
#include "guard/admit.h"
#include "login/session.h"
#include "login/token.h"

static void init(void)
{
	tokens_init();
	checkin_init();
	keyed_hash_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {health_routes, venue_routes, order_routes,
		code_routes, metrics_routes, message_routes, session_routes, me_routes, NULL};
	static const struct web api = {.name = "api",
		.tables = tables,
		.init = init,
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &api);
}
