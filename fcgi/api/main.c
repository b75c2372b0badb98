#include "account/session.h"
#include "account/token.h"
#include "api.h"
#include "checkin/checkin.h"

static void init(void)
{
	tokens_init();
	checkin_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {health_routes, venue_routes, order_routes,
		code_routes, message_routes, session_routes, NULL};
	static const struct web api = {.name = "api",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &api);
}
