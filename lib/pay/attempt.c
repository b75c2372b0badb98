#include "pay/attempt.h"

#include "account/account.h"
#include "base/settings.h"
#include "base/time.h"
#include "order/state.h"
#include "pay/channels.h"

#include <string.h>

struct payable {
	const char *no, *state, *closing_to, *venue_name, *timezone;
	money amount_fen;
	stamp expires_at, now;
};
static const struct field payable_fields[] = {
	FIELD(struct payable, no),
	FIELD(struct payable, state),
	FIELD(struct payable, closing_to, .optional = true),
	FIELD(struct payable, venue_name),
	FIELD(struct payable, timezone),
	FIELD(struct payable, amount_fen),
	FIELD(struct payable, expires_at),
	FIELD(struct payable, now),
};
static const struct shape payable_shape = SHAPE(struct payable, payable_fields);

SQL(payable_order,
	"SELECT o.no, o.state, o.closing_to, v.name AS venue_name, v.timezone,"
	" o.amount_fen, o.expires_at, now() AS now"
	" FROM orders o JOIN venue v ON v.id = o.venue_id"
	" WHERE o.id = $1 AND o.account_id = $2 FOR UPDATE OF o");

static const struct field attempt_fields[] = {
	FIELD(struct attempt, id),
	FIELD(struct attempt, order_id),
	FIELD(struct attempt, channel),
	FIELD(struct attempt, method),
	FIELD(struct attempt, out_trade_no),
	FIELD(struct attempt, state),
	FIELD(struct attempt, request),
	FIELD(struct attempt, prepay, .optional = true),
	FIELD(struct attempt, amount_fen),
};
static const struct shape attempt_shape = SHAPE(struct attempt, attempt_fields);

SQL(attempts_of_order,
	"SELECT id, order_id, channel, method, out_trade_no, state, request, prepay, amount_fen"
	" FROM payment_attempt WHERE order_id = $1 ORDER BY id");
SQL(attempt_insert,
	"INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen,"
	" request, ask_at, payer_mark) VALUES ($1, $2, $3, $4, $5, $6, $7,"
	" now() + make_interval(secs => $8::bigint),"
	" coalesce(hashtextextended($9::text, $2), 0))");
SQL(attempt_answered,
	"UPDATE payment_attempt a SET state = 'prepaid', prepay = $2, prepaid_at = now()"
	" FROM orders o WHERE a.id = $1 AND a.state IN ('created', 'prepaid')"
	" AND o.id = a.order_id AND o.state = 'pending'");
SQL(attempt_close,
	"UPDATE payment_attempt SET state = 'closed' WHERE id = $1"
	" AND state IN ('created', 'prepaid')");

/* To the customer an order that is closing has ended already. */
static enum err payable_now(const struct payable *o)
{
	enum order_state state = order_state_of(o->state);

	if (state == ORDER_CLOSING && o->closing_to)
		state = order_state_of(o->closing_to);
	switch (state) {
	case ORDER_PAID:
		return E_ORDER_PAID;
	case ORDER_EXPIRED:
		return E_ORDER_EXPIRED;
	case ORDER_CANCELLED:
		return E_ORDER_CANCELLED;
	default:
		return o->now.us < o->expires_at.us ? E_OK : E_ORDER_EXPIRED;
	}
}

static bool is_open(const struct attempt *a, const struct attempt_params *params)
{
	enum attempt_state state = attempt_state_of(a->state);

	return (state == ATTEMPT_CREATED || state == ATTEMPT_PREPAID) &&
	       strcmp(a->channel, params->channel) == 0 &&
	       strcmp(a->method, params->method) == 0;
}

/* The very bytes that the channel is to get. */
static const char *request_of(struct arena *mem, const struct channel *channel,
	const struct payable *o, const struct attempt *a, const char *payer)
{
	return channel->order_body(
		mem, &(struct channel_order){.method = a->method,
			     .description = arena_printf(mem, "%s 场地预订", o->venue_name),
			     .out_trade_no = a->out_trade_no,
			     .expires = o->expires_at,
			     .total = o->amount_fen,
			     .payer = payer});
}

/* One that would be sent the same today. A ticket is its payer's: another person, or the
 * same by another openid, gets a number of his own. */
static const struct attempt *open_one(struct tx *tx, const struct list *attempts,
	const struct attempt_params *params, const struct payable *o, const char *payer)
{
	const struct channel *channel = channel_find(params->channel);
	const struct attempt *a = attempts->at;

	for (size_t i = 0; i < attempts->count; i++)
		if (is_open(&a[i], params) &&
			(!method_is_jsapi(params->method) ||
				strcmp(request_of(tx->mem, channel, o, &a[i], payer),
					a[i].request) == 0))
			return &a[i];
	return NULL;
}

static enum err attempt_new(struct tx *tx, const struct channel *channel,
	const struct payable *o, const char *payer, struct attempt *a)
{
	TRY(ids_take(tx, 1, &a->id));
	a->state = attempt_state_word(ATTEMPT_CREATED);
	a->amount_fen = o->amount_fen;
	a->request = request_of(tx->mem, channel, o, a, payer);
	db_queue(tx, &attempt_insert, A(a->id), A(a->order_id), A(a->channel), A(a->method),
		A(a->out_trade_no), A(a->amount_fen), A(a->request), A(settings.ask_first_s),
		A(payer));
	return E_OK;
}

enum err attempt_open(struct tx *tx, const struct attempt_params *params, struct attempt *out)
{
	const struct channel *channel = channel_find(params->channel);
	const char *payer = params->payer;
	struct payable order;
	struct list attempts;

	if (!channel)
		return E_CHANNEL_OFF;
	db_ask_one(tx, &payable_order, &payable_shape, &order, E_NOT_FOUND, A(params->order_id),
		A(params->account_id));
	db_ask_all(tx, &attempts_of_order, &attempt_shape, &attempts, A(params->order_id));
	TRY(db_sync(tx));
	TRY(payable_now(&order));
	if (channel->payer_app && method_is_jsapi(params->method))
		TRY(account_openid(tx, params->account_id, *channel->payer_app, &payer));
	const struct attempt *open = open_one(tx, &attempts, params, &order, payer);
	*out = open ? *open
		    : (struct attempt){.order_id = params->order_id,
			      .channel = params->channel,
			      .method = params->method,
			      .out_trade_no = arena_printf(
				      tx->mem, "%sA%02zu", order.no, attempts.count + 1)};
	out->expires_at = order.expires_at;
	out->timezone = order.timezone;
	if (open)
		return E_OK;
	return attempt_new(tx, channel, &order, payer, out);
}

void attempt_prepaid(struct tx *tx, const struct attempt *a, const char *prepay)
{
	db_queue_one(tx, &attempt_answered, E_ORDER_STATE, A(a->id), A(prepay));
}

void attempt_closed(struct tx *tx, int64_t attempt_id)
{
	db_queue(tx, &attempt_close, A(attempt_id));
}
