#include "notify.h"
#include "pay/channels.h"

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {wechat_routes, alipay_routes, NULL};
	static const struct web notify = {
		.name = "notify", .tables = tables, .init = channels_init};

	return web_main(argc, argv, &notify);
}
