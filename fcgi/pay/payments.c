#include "base/log.h"
#include "order/order.h"
#include "pay.h"
#include "pay/attempt.h"
#include "pay/channels.h"
#include "pay/settle.h"

#include <string.h>

struct payment_in {
	const char *channel, *method, *payer;
};
static const struct field payment_in_fields[] = {
	FIELD(struct payment_in, channel, .one_of = CHANNEL_NAMES),
	FIELD(struct payment_in, method, .one_of = "jsapi|native"),
	FIELD(struct payment_in, payer, .optional = true, .min = 1, .max = 128),
};
static const struct shape payment_in_shape = SHAPE(struct payment_in, payment_in_fields);

static enum err open_attempt(struct req *r, struct attempt *a)
{
	const struct payment_in *in = r->in;

	own_begin(r, TX_WRITE);
	return tx_end(&r->tx, attempt_open(&r->tx,
				      &(struct attempt_params){.order_id = r->arg[0],
					      .account_id = r->caller.account_id,
					      .channel = in->channel,
					      .method = in->method,
					      .payer = in->payer},
				      a));
}

/* It is no longer as it was: the order says why not, or the tap begins anew. */
static enum err look_again(struct req *r, const struct attempt *was)
{
	struct attempt now;

	TRY(open_attempt(r, &now));
	return now.id == was->id && !now.prepay ? E_CHANNEL_REFUSED : E_RETRY;
}

/* Stored so that the next tap on the button needs no call, also if the session has
 * ended during this one. */
static enum err keep(struct req *r, struct attempt *a, const char *ticket)
{
	a->prepay = ticket;
	own_begin_unguarded(r, TX_WRITE);
	attempt_prepaid(&r->tx, a, ticket);
	enum err err = tx_end(&r->tx, E_OK);
	if (err != E_ORDER_STATE)
		return err;
	/* Nobody will get this ticket, so nobody should be able to pay by it. */
	if (channel_find(a->channel)->close(r->mem, a->out_trade_no) != E_OK)
		log_warn("pay", "%s was closed here, and perhaps not there", a->out_trade_no);
	return look_again(r, a);
}

/* The channel is called with no transaction open. What it refuses may just have
 * been paid or closed, so it is asked. */
static enum err prepay(struct req *r, struct attempt *a)
{
	const struct channel *channel = channel_find(a->channel);
	const char *ticket;
	bool open;

	if (a->prepay)
		return E_OK;
	enum err err = channel->prepay(r->mem, a->method, a->request, &ticket);
	if (err == E_OK)
		return keep(r, a, ticket);
	if (err != E_CHANNEL_REFUSED || settle_attempt(r->db, r->mem, a->id, &open) != E_OK)
		return err;
	return look_again(r, a);
}

static enum err answer(struct req *r, const struct attempt *a)
{
	struct buf *b = reply_begin(r, 201);

	b->zone = a->timezone;
	json_open(b, NULL, '{');
	json_int(b, "id", a->id);
	json_text(b, "out_trade_no", a->out_trade_no);
	json_text(b, "channel", a->channel);
	json_text(b, "method", a->method);
	json_int(b, "amount_fen", a->amount_fen.fen);
	json_stamp(b, "expires_at", a->expires_at);
	TRY(channel_find(a->channel)->write_ticket(b, r->mem, a->method, a->prepay));
	json_close(b, '}');
	return reply_end(r);
}

static enum err pay(struct req *r)
{
	const struct payment_in *in = r->in;
	const struct channel *channel = channel_named(in->channel);
	bool names_payer = method_is_jsapi(in->method) && !channel->payer_app;
	struct attempt attempt;

	if (names_payer != (in->payer != NULL))
		return fail(r, E_BAD_FIELD, "payer");
	if (!channel_is_on(channel))
		return fail(r, E_CHANNEL_OFF, "channel");
	TRY(open_attempt(r, &attempt));
	TRY(prepay(r, &attempt));
	return answer(r, &attempt);
}

static enum err load(struct req *r, struct order *order)
{
	own_begin(r, TX_READ);
	return tx_end(&r->tx, order_load(&r->tx, r->arg[0], r->caller.account_id, order));
}

/* The customer is back from the channel's page: whatever that page said, the
 * channel is asked. */
static enum err check(struct req *r)
{
	struct order order;

	TRY(load(r, &order));
	if (strcmp(order.state, "paid") != 0) {
		TRY(settle_order(r->db, r->mem, order.id));
		TRY(load(r, &order));
	}
	return reply(r, 200, &order_shape, &order);
}

const struct route payment_routes[] = {
	{POST, "/api/v1/orders/{order}/payments", USER, TX_NONE, pay, .body = &payment_in_shape,
		.flags = IDEMPOTENT, .says = "Begin to pay an order"},
	{POST, "/api/v1/orders/{order}/payments/check", USER, TX_NONE, check,
		.says = "Ask the channel what became of the payments of an order"},
	{0},
};
