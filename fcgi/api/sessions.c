#include "api.h"
#include "login/session.h"

/* Of staff too. The access token is dead with the next request that brings it,
 * the refresh token with it. */
static enum err logout(struct req *r)
{
	session_end(&r->tx, r->caller.session_id, "logout");
	return reply_empty(r);
}

const struct route session_routes[] = {
	{POST, "/api/v1/logout", USER, TX_WRITE, logout, .says = "End this session"},
	{0},
};
