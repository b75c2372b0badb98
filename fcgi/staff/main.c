#include "account/keyed_hash.h"
#include "guard/admit.h"
#include "login/token.h"
#include "staff.h"

static void init(void)
{
	tokens_init();
	keyed_hash_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {desk_me_routes, desk_refund_routes,
		desk_work_routes, desk_violation_routes, desk_customer_routes,
		desk_member_routes, desk_venue_routes, desk_court_routes, desk_sport_routes,
		desk_hours_routes, desk_outside_routes, desk_block_routes, desk_price_routes,
		desk_calendar_routes, desk_audit_routes, NULL};
	static const struct web staff = {.name = "staff",
		.tables = tables,
		.init = init,
		.idle = tokens_look,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.staff = true};

	return web_main(argc, argv, &staff);
}
