#include "checkin/checkin.h"
#include "guard/admit.h"
#include "login/token.h"
#include "staff.h"

static enum err me(struct req *r)
{
	struct staff staff;

	TRY(staff_load(&r->tx, r->who.account_id, &staff));
	return reply(r, 200, &staff_shape, &staff);
}

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
	TRY(checkin_use(&r->tx, scanned, r->who.account_id, &done));
	return reply(r, 201, &checkin_shape, &done);
}

static void use_refused(struct req *r, struct tx *tx, enum err why)
{
	checkin_refused(tx, r->note, r->who.account_id, why);
}

static const struct route staff_routes[] = {
	{GET, "/api/v1/staff/me", "staff.password", TX_READ, me,
		.says = "Own permissions and venues"},
	{POST, "/api/v1/staff/checkins", "checkin", TX_WRITE, use, .body = &checkin_in_shape,
		.flags = IDEMPOTENT, .refused = use_refused,
		.says = "Check an order in by QR text, short code or order number; once"},
	{0},
};

static void init(void)
{
	tokens_init();
	checkin_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {staff_routes, desk_order_routes,
		desk_refund_routes, desk_work_routes, desk_people_routes, desk_user_routes,
		desk_member_routes, desk_venue_routes, desk_court_routes, desk_sport_routes,
		desk_hours_routes, desk_block_routes, desk_price_routes, desk_calendar_routes,
		desk_audit_routes, NULL};
	static const struct web staff = {.name = "staff",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.admit = admit_take,
		.guard = session_guard,
		.staff = true};

	return web_main(argc, argv, &staff);
}
