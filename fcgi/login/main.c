#include "login.h"
#include "login/refresh.h"
#include "login/token.h"

static void init(void)
{
	tokens_init();
	refresh_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {
		token_routes, revoke_routes, metadata_routes, NULL};
	static const struct web login = {
		.name = "login", .tables = tables, .init = init, .idle = tokens_look};

	return web_main(argc, argv, &login);
}
