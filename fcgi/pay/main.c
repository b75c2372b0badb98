#include "guard/admit.h"
#include "login/session.h"
#include "login/token.h"
#include "pay.h"
#include "pay/channels.h"

static void init(void)
{
	tokens_init();
	channels_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {payment_routes, NULL};
	static const struct web web = {.name = "pay",
		.tables = tables,
		.init = init,
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &web);
}
