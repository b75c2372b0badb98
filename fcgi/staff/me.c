#include "staff.h"

static enum err me(struct req *r)
{
	struct staff staff;

	TRY(staff_load(&r->tx, r->caller.account_id, &staff));
	return reply(r, 200, &staff_shape, &staff);
}

const struct route desk_me_routes[] = {
	{GET, "/api/v1/staff/me", "staff.password", TX_READ, me,
		.says = "Own permissions and venues"},
	{0},
};
