#include "order/violation.h"
#include "staff.h"

static enum err reply_record(struct req *r, int64_t account_id)
{
	struct violation_record record;

	TRY(violations_load(&r->tx, account_id, &record));
	return reply(r, 200, &violation_record_shape, &record);
}

static enum err show(struct req *r)
{
	return reply_record(r, r->arg[0]);
}

static enum err lift_violation(struct req *r)
{
	const struct reason_in *in = r->in;
	int64_t account_id;

	TRY(violation_lift(&r->tx, r->arg[0], r->caller.account_id, in->reason, &account_id));
	return reply_record(r, account_id);
}

static enum err lift_ban(struct req *r)
{
	const struct reason_in *in = r->in;
	int64_t account_id;

	TRY(ban_lift(&r->tx, r->arg[0], r->caller.account_id, in->reason, &account_id));
	return reply_record(r, account_id);
}

const struct route desk_violation_routes[] = {
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
