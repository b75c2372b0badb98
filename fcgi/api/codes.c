#include "api.h"
#include "checkin/checkin.h"
#include "codec/qr.h"

static enum err show(struct req *r)
{
	struct checkin_code code;

	TRY(checkin_code_load(&r->tx, r->arg[0], r->caller.account_id, &code));
	return reply(r, 200, &checkin_code_shape, &code);
}

static enum err image(struct req *r, const char *type,
	enum err (*draw)(struct arena *, const char *, struct buf *))
{
	struct checkin_code code;
	struct buf *b;

	TRY(checkin_code_load(&r->tx, r->arg[0], r->caller.account_id, &code));
	b = reply_begin(r, 200);
	r->content_type = type;
	TRY(draw(r->mem, code.qr_text, b));
	return reply_end(r);
}

static enum err png(struct req *r)
{
	return image(r, "image/png", qr_png);
}

static enum err svg(struct req *r)
{
	return image(r, "image/svg+xml", qr_svg);
}

const struct route code_routes[] = {
	{GET, "/api/v1/orders/{order}/checkin-code", USER, TX_READ, show,
		.says = "The code that opens the court"},
	{GET, "/api/v1/orders/{order}/checkin-code.png", USER, TX_READ, png,
		.says = "The same as a QR picture"},
	{GET, "/api/v1/orders/{order}/checkin-code.svg", USER, TX_READ, svg,
		.says = "The same as a QR drawing"},
	{0},
};
