#include "pay/cancel.h"
#include "pay/desk.h"
#include "pay/refund.h"
#include "staff.h"

/* WeChat Pay takes 80 bytes of a reason: so many characters of Chinese. */
enum { REASON_LENGTH = 26 };

struct refund_in {
	money amount_fen;
	const char *reason;
	struct list release;
};
static const struct field refund_in_fields[] = {
	FIELD(struct refund_in, amount_fen, .min = 1, .max = ID_MAX),
	FIELD(struct refund_in, reason, .min = 1, .max = REASON_LENGTH),
	FIELD(struct refund_in, release, .optional = true, .min = 1, .max = PERIODS_MAX,
		.of = &item_id_shape),
};
static const struct shape refund_in_shape = SHAPE(struct refund_in, refund_in_fields);

static enum err reply_refund(struct req *r, int status, const struct desk *desk, int64_t id)
{
	struct desk_refund refund;

	TRY(desk_refund_load(&r->tx, desk, id, &refund));
	return reply(r, status, &desk_refund_shape, &refund);
}

static enum err give_back(struct req *r)
{
	const struct refund_in *in = r->in;
	struct desk desk = desk_of(r);
	int64_t id;

	TRY(order_refund(&r->tx, &desk,
		&(struct staff_refund){.order_id = r->arg[0],
			.amount = in->amount_fen,
			.reason = in->reason,
			.release = item_ids(in->release)},
		&id, &r->field));
	return reply_refund(r, 201, &desk, id);
}

/* With its order locked; another venue's is not there. */
static enum err load(struct req *r, const struct desk *desk, struct refund *refund)
{
	TRY(refund_by_id(&r->tx, r->arg[0], refund));
	staff_scope(&r->tx, desk, refund->venue_id, E_NOT_FOUND);
	return db_sync(&r->tx);
}

static enum err retry(struct req *r)
{
	struct desk desk = desk_of(r);
	struct refund refund;

	TRY(load(r, &desk, &refund));
	TRY(refund_retry(&r->tx, &refund, desk.account_id));
	return reply_refund(r, 200, &desk, refund.id);
}

struct settled_in {
	const char *note;
};
static const struct field settled_in_fields[] = {
	FIELD(struct settled_in, note, .min = 1, .max = NOTE_LENGTH),
};
static const struct shape settled_in_shape = SHAPE(struct settled_in, settled_in_fields);

static enum err settled(struct req *r)
{
	const struct settled_in *in = r->in;
	struct desk desk = desk_of(r);
	struct refund refund;

	TRY(load(r, &desk, &refund));
	TRY(refund_by_hand(&r->tx, &refund, desk.account_id, in->note));
	return reply_refund(r, 200, &desk, refund.id);
}

const struct route desk_refund_routes[] = {
	{POST,		 "/api/v1/staff/orders/{order}/refunds", "refund", TX_WRITE, give_back,
         .body = &refund_in_shape, .flags = IDEMPOTENT,
         .says = "Give back a part of what was paid, and free periods"},
	{POST,            "/api/v1/staff/refunds/{refund}/retry", "refund", TX_WRITE, retry,
         .flags = IDEMPOTENT, .says = "Try a refund again that is stuck"},
	{POST,           "/api/v1/staff/refunds/{refund}/settled", "refund", TX_WRITE, settled,
         .body = &settled_in_shape, .flags = IDEMPOTENT,
         .says = "A refund that is stuck was paid another way"},
	{0},
};
