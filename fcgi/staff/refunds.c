#include "pay/cancel.h"
#include "pay/desk.h"
#include "pay/refund.h"
#include "staff.h"

/* WeChat Pay takes a reason of 80 bytes: 26 Chinese characters. */
enum { REASON_LENGTH = 26 };

struct refund_in {
	money amount_fen;
	const char *reason;
	struct list release;
	bool keep;
};
static const struct field refund_in_fields[] = {
	FIELD(struct refund_in, amount_fen, .min = 1, .max = ID_MAX),
	FIELD(struct refund_in, reason, .plain = PLAIN_LINE, .min = 1, .max = REASON_LENGTH),
	FIELD(struct refund_in, release, .optional = true, .min = 1, .max = PERIODS_MAX,
		.of = &item_id_shape),
	FIELD(struct refund_in, keep, .optional = true),
};
static const struct shape refund_in_shape = SHAPE(struct refund_in, refund_in_fields);

static enum err reply_refund(struct req *r, int status, int64_t id)
{
	struct desk_refund refund;

	TRY(desk_refund_load(&r->tx, id, &refund));
	return reply(r, status, &desk_refund_shape, &refund);
}

static enum err give_back(struct req *r)
{
	const struct refund_in *in = r->in;
	int64_t id;

	TRY(order_refund(&r->tx,
		&(struct refund_params){.order_id = r->arg[0],
			.member_id = r->caller.account_id,
			.amount = in->amount_fen,
			.reason = in->reason,
			.release = item_ids(in->release),
			.keep = in->keep},
		&id, &r->field, &r->detail));
	return reply_refund(r, 201, id);
}

static enum err retry(struct req *r)
{
	struct refund refund;

	TRY(refund_by_id(&r->tx, r->arg[0], &refund));
	TRY(refund_retry(&r->tx, &refund, r->caller.account_id));
	return reply_refund(r, 200, refund.id);
}

static enum err settled(struct req *r)
{
	const struct note_in *in = r->in;
	struct refund refund;

	TRY(refund_by_id(&r->tx, r->arg[0], &refund));
	TRY(refund_by_hand(&r->tx, &refund, r->caller.account_id, in->note));
	return reply_refund(r, 200, refund.id);
}

const struct route desk_refund_routes[] = {
	{POST, "/api/v1/staff/orders/{order}/refunds", "refund", TX_WRITE, give_back,
		.body = &refund_in_shape, .flags = IDEMPOTENT,
		.says = "Give back a part of what was paid, and free periods"},
	{POST, "/api/v1/staff/refunds/{refund}/retry", "refund", TX_WRITE, retry,
		.flags = IDEMPOTENT, .says = "Try a refund again that is stuck"},
	{POST, "/api/v1/staff/refunds/{refund}/settled", "refund", TX_WRITE, settled,
		.body = &note_in_shape, .flags = IDEMPOTENT,
		.says = "A refund that is stuck was paid another way"},
	{0},
};
