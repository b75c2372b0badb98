#include "checkin/checkin.h"
#include "staff.h"

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

const struct route desk_checkin_routes[] = {
	{POST, "/api/v1/staff/checkins", "checkin", TX_WRITE, use, .body = &checkin_in_shape,
		.flags = IDEMPOTENT, .refused = use_refused,
		.says = "Check an order in by QR text, short code or order number; once"},
	{0},
};
