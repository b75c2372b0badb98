#include "order/conduct.h"
#include "staff.h"

static enum err reply_conduct(struct req *r, int64_t account_id)
{
	struct conduct conduct;

	TRY(conduct_load(&r->tx, account_id, &conduct));
	return reply(r, 200, &conduct_shape, &conduct);
}

static enum err show(struct req *r)
{
	return reply_conduct(r, r->arg[0]);
}

static enum err lift_violation(struct req *r)
{
	const struct reason_in *in = r->in;
	int64_t account_id;

	TRY(violation_lift(&r->tx, r->arg[0], r->caller.account_id, in->reason, &account_id));
	return reply_conduct(r, account_id);
}

static enum err lift_ban(struct req *r)
{
	const struct reason_in *in = r->in;
	int64_t account_id;

	TRY(ban_lift(&r->tx, r->arg[0], r->caller.account_id, in->reason, &account_id));
	return reply_conduct(r, account_id);
}

const struct route desk_people_routes[] = {
	{GET, "/api/v1/staff/accounts/{account}/violations", "ban", TX_READ, show,
		.says = "What is held against somebody who ordered at an own venue"},
	{POST, "/api/v1/staff/violations/{violation}/lift", "ban", TX_WRITE, lift_violation,
		.body = &reason_in_shape, .flags = IDEMPOTENT,
		.says = "A violation counts no longer; a ban that rested on it ends"},
	{POST, "/api/v1/staff/bans/{ban}/lift", "ban", TX_WRITE, lift_ban,
		.body = &reason_in_shape, .flags = IDEMPOTENT,
		.says = "A ban ends before its time"},
	{0},
};
