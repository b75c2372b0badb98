#include "notify.h"
#include "pay/channels.h"

int main(int argc, char **argv)
{
	const struct route *const tables[] = {notify_routes(), NULL};
	const struct web notify = {.name = "notify", .tables = tables, .init = channels_init};

	return web_main(argc, argv, &notify);
}
