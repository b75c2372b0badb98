#include "account/account.h"
#include "account/leave.h"
#include "api.h"

static enum err reply_me(struct req *r)
{
	struct account account;

	TRY(account_load(&r->tx, r->caller.account_id, &account));
	return reply(r, 200, &account_shape, &account);
}

struct me_in {
	const char *nickname;
};
static const struct field me_in_fields[] = {
	FIELD(struct me_in, nickname, .plain = PLAIN_LINE, .min = 1,
		.max = ACCOUNT_NAME_LENGTH),
};
static const struct shape me_in_shape = SHAPE(struct me_in, me_in_fields);

static enum err rename_me(struct req *r)
{
	const struct me_in *in = r->in;

	account_set_nickname(&r->tx, r->caller.account_id, in->nickname);
	return reply_me(r);
}

/* A repeat of a request whose answer was lost has no session left: it is told so,
 * and that means that the account is gone. */
static enum err leave(struct req *r)
{
	TRY(account_leave(&r->tx, r->caller.account_id, &r->detail));
	return reply_empty(r);
}

const struct route me_routes[] = {
	{GET, "/api/v1/me", USER, TX_READ, reply_me, .says = "Who is logged in"},
	{PUT, "/api/v1/me", USER, TX_WRITE, rename_me, .body = &me_in_shape,
		.says = "Choose a nickname"},
	{DELETE, "/api/v1/me", USER, TX_WRITE, leave, .flags = IDEMPOTENT,
		.says = "Leave: the account and all that tells of the person are deleted"},
	{0},
};
