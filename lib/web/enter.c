#include "web/enter.h"

#include <string.h>

void enter(struct req *r, struct tx *tx)
{
	if (r->caller.session_id)
		r->web->guard(tx, &r->caller, r->route->permission, r->request_id);
}

bool enter_first(const struct route *route)
{
	static const char *const none[] = {GUEST, PUBLIC, USER, ANYBODY};

	for (size_t i = 0; i < COUNT_OF(none); i++)
		if (strcmp(route->permission, none[i]) == 0)
			return false;
	return true;
}

void runner_begin(struct req *r, struct tx *tx, enum tx_mode mode)
{
	tx_begin(tx, r->db, r->mem, mode);
	if (r->web->staff)
		enter(r, tx);
}

void own_begin(struct req *r, enum tx_mode mode)
{
	tx_begin(&r->tx, r->db, r->mem, mode);
	enter(r, &r->tx);
}

void own_begin_unguarded(struct req *r, enum tx_mode mode)
{
	tx_begin(&r->tx, r->db, r->mem, mode);
}
