#include "account/session.h"
#include "account/token.h"
#include "pay/payment.h"
#include "web/web.h"

#include <string.h>

/* The pool that waits for the payment channel while the customer waits. */

struct payment_in {
	const char *channel, *method;
};
static const struct field payment_in_fields[] = {
	FIELD(struct payment_in, channel, .one_of = "wechat"),
	FIELD(struct payment_in, method, .one_of = "jsapi|native"),
};
static const struct shape payment_in_shape = SHAPE(struct payment_in, payment_in_fields);

/* The channel is called with no transaction open. Its answer is stored so that
 * the next tap on the button needs no call. */
static enum err prepay(struct req *r, struct attempt *a)
{
	struct wechat_prepaid answer;

	if (a->prepay)
		return E_OK;
	TRY(wechat_prepay(r->mem, a->method, a->request, &answer));
	a->prepay = answer.prepay_id ? answer.prepay_id : answer.code_url;
	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	attempt_prepaid(&r->tx, a, a->prepay);
	return tx_commit(&r->tx);
}

static enum err answer(struct req *r, const struct attempt *a)
{
	struct buf *b = reply_begin(r, 201);
	bool jsapi = strcmp(a->method, "jsapi") == 0;
	struct wechat_pay_params params;

	if (jsapi)
		TRY(wechat_pay_params(r->mem, a->prepay, &params));
	json_open(b, NULL, '{');
	json_int(b, "id", a->id);
	json_text(b, "out_trade_no", a->out_trade_no);
	json_text(b, "method", a->method);
	json_int(b, "amount_fen", a->amount_fen.fen);
	json_stamp(b, "expires_at", a->expires_at);
	if (jsapi)
		json_shape(b, "pay_params", &wechat_pay_params_shape, &params);
	else
		json_null(b, "pay_params");
	json_text(b, "code_url", jsapi ? NULL : a->prepay);
	json_close(b, '}');
	return reply_end(r);
}

static enum err pay(struct req *r)
{
	const struct payment_in *in = r->in;
	struct attempt attempt;

	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	TRY(attempt_open(&r->tx, r->arg[0], r->who.account_id, in->method, &attempt));
	TRY(tx_commit(&r->tx));
	TRY(prepay(r, &attempt));
	return answer(r, &attempt);
}

static const struct route pay_routes[] = {
	{POST,  "/api/v1/orders/{order}/payments", USER, TX_NONE, pay, .body = &payment_in_shape,
         .flags = IDEMPOTENT, .says = "Begin to pay an order"},
	{0},
};

static void init(void)
{
	tokens_init();
	wechatpay_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {pay_routes, NULL};
	static const struct web web = {.name = "pay",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.guard = session_guard};

	return web_main(argc, argv, &web);
}
