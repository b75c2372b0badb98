#include "account/rights.h"
#include "staff.h"

static enum err me(struct req *r)
{
	struct rights rights;

	TRY(rights_load(&r->tx, r->caller.account_id, &rights));
	return reply(r, 200, &rights_shape, &rights);
}

const struct route desk_me_routes[] = {
	{GET, "/api/v1/staff/me", "staff.password", TX_READ, me,
		.says = "Own permissions and venues"},
	{0},
};
