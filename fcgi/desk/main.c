#include "checkin/checkin.h"
#include "desk.h"
#include "guard/admit.h"
#include "login/token.h"

static void init(void)
{
	tokens_init();
	checkin_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {
		desk_checkin_routes, desk_order_routes, NULL};
	static const struct web desk = {.name = "desk",
		.tables = tables,
		.init = init,
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.staff = true};

	return web_main(argc, argv, &desk);
}
