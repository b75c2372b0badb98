#include "web/enter.h"

#include <string.h>

void enter(struct req *r, struct tx *tx)
{
	if (r->caller.session_id)
		r->web->guard(tx, &r->caller, r->route->permission, r->request_id);
}

bool enter_first(const struct route *route)
{
	return strcmp(route->permission, GUEST) != 0 &&
	       strcmp(route->permission, PUBLIC) != 0 && strcmp(route->permission, USER) != 0;
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
