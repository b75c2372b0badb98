#include "checkin/checkin.h"
#include "desk.h"
#include "order/search.h"

struct checkin_in {
	const char *code;
};
static const struct field checkin_in_fields[] = {
	FIELD(struct checkin_in, code, .min = 1, .max = CODE_INPUT_MAX),
};
static const struct shape checkin_in_shape = SHAPE(struct checkin_in, checkin_in_fields);

static enum err use(struct req *r)
{
	const struct checkin_in *in = r->in;
	struct scanned *scanned = NEW(r->mem, struct scanned);
	struct checkin done;

	r->note = scanned;
	TRY(checkin_read(r->mem, in->code, scanned));
	TRY(checkin_use(&r->tx, scanned, r->caller.account_id, &done, &r->detail));
	return reply(r, 201, &checkin_shape, &done);
}

static void use_refused(struct req *r, struct tx *tx, enum err why)
{
	checkin_refused(tx, r->note, r->caller.account_id, why);
}

struct undo_in {
	stamp checked_in_at;
	const char *reason;
};
static const struct field undo_in_fields[] = {
	FIELD(struct undo_in, checked_in_at),
	FIELD(struct undo_in, reason, .plain = PLAIN_LINE, .min = 1, .max = NOTE_LENGTH),
};
static const struct shape undo_in_shape = SHAPE(struct undo_in, undo_in_fields);

static enum err undo(struct req *r)
{
	const struct undo_in *in = r->in;
	struct desk_order order;

	TRY(checkin_undo(&r->tx, &(struct checkin_undo_params){.order_id = r->arg[0],
					 .member_id = r->caller.account_id,
					 .checked_in_at = in->checked_in_at,
					 .reason = in->reason}));
	TRY(order_at_desk(&r->tx, r->arg[0], &order));
	return reply(r, 200, &desk_order_shape, &order);
}

const struct route desk_checkin_routes[] = {
	{POST, "/api/v1/staff/checkins", "checkin", TX_WRITE, use, .body = &checkin_in_shape,
		.flags = IDEMPOTENT, .refused = use_refused,
		.says = "Check an order in by QR text, short code or order number; once"},
	{POST, "/api/v1/staff/orders/{order}/checkin/undo", "checkin", TX_WRITE, undo,
		.body = &undo_in_shape, .flags = IDEMPOTENT,
		.says = "Take back a check-in that was a mistake, for a while"},
	{0},
};
