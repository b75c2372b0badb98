#include "account/account.h"
#include "base/settings.h"
#include "base/time.h"
#include "pay/payment.h"

#include <string.h>

struct payable {
	const char *no, *state, *venue_name;
	money amount_fen;
	stamp expires_at, now;
};
static const struct field payable_fields[] = {
	FIELD(struct payable, no),
	FIELD(struct payable, state),
	FIELD(struct payable, venue_name),
	FIELD(struct payable, amount_fen),
	FIELD(struct payable, expires_at),
	FIELD(struct payable, now),
};
static const struct shape payable_shape = SHAPE(struct payable, payable_fields);

SQL(payable_order,
	"SELECT o.no, o.state, v.name AS venue_name, o.amount_fen, o.expires_at, now() AS now"
	" FROM orders o JOIN venue v ON v.id = o.venue_id"
	" WHERE o.id = $1 AND o.account_id = $2 FOR UPDATE OF o");

static const struct field attempt_fields[] = {
	FIELD(struct attempt, id),
	FIELD(struct attempt, order_id),
	FIELD(struct attempt, method),
	FIELD(struct attempt, out_trade_no),
	FIELD(struct attempt, state),
	FIELD(struct attempt, request),
	FIELD(struct attempt, prepay, .optional = true),
	FIELD(struct attempt, amount_fen),
};
static const struct shape attempt_shape = SHAPE(struct attempt, attempt_fields);

SQL(attempts_of_order,
	"SELECT id, order_id, method, out_trade_no, state, request, prepay, amount_fen"
	" FROM payment_attempt WHERE order_id = $1 ORDER BY id");
SQL(attempt_insert,
	"INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen, request)"
	" VALUES ($1, $2, 'wechat', $3, $4, $5, $6)");
SQL(attempt_answered,
	"UPDATE payment_attempt SET state = 'prepaid', prepay = $2, prepaid_at = now()"
	" WHERE id = $1 AND state IN ('created', 'prepaid')");

static enum err payable_now(const struct payable *o)
{
	if (strcmp(o->state, "paid") == 0)
		return E_ORDER_PAID;
	if (strcmp(o->state, "expired") == 0)
		return E_ORDER_EXPIRED;
	if (strcmp(o->state, "pending") != 0)
		return E_ORDER_STATE;
	return o->now.us < o->expires_at.us ? E_OK : E_ORDER_EXPIRED;
}

static const struct attempt *open_one(const struct list *attempts, const char *method)
{
	const struct attempt *a = attempts->at;

	for (size_t i = 0; i < attempts->count; i++)
		if (strcmp(a[i].method, method) == 0 &&
			(strcmp(a[i].state, "created") == 0 ||
				strcmp(a[i].state, "prepaid") == 0))
			return &a[i];
	return NULL;
}

static enum err attempt_new(struct tx *tx, const struct payable *o, const char *openid,
	size_t before, struct attempt *a)
{
	TRY(ids_take(tx, 1, &a->id));
	a->out_trade_no = arena_printf(tx->mem, "%sA%02zu", o->no, before + 1);
	a->state = "created";
	a->amount_fen = o->amount_fen;
	a->request = wechat_prepay_body(tx->mem,
		&(struct wechat_prepay){
			.description = arena_printf(tx->mem, "%s 场地预订", o->venue_name),
			.out_trade_no = a->out_trade_no,
			.expires = o->expires_at,
			.total = o->amount_fen,
			.openid = openid});
	db_queue(tx, &attempt_insert, A(a->id), A(a->order_id), A(a->method),
		A(a->out_trade_no), A(a->amount_fen), A(a->request));
	return E_OK;
}

enum err attempt_open(struct tx *tx, int64_t order_id, int64_t account_id, const char *method,
	struct attempt *out)
{
	struct payable order;
	struct list attempts;
	const char *openid = NULL;

	db_ask_one(tx, &payable_order, &payable_shape, &order, E_NOT_FOUND, A(order_id),
		A(account_id));
	TRY(db_all(tx, &attempts_of_order, &attempt_shape, &attempts, A(order_id)));
	TRY(payable_now(&order));
	const struct attempt *open = open_one(&attempts, method);
	*out = open ? *open : (struct attempt){.order_id = order_id, .method = method};
	out->expires_at = order.expires_at;
	if (open)
		return E_OK;
	if (strcmp(method, "jsapi") == 0)
		TRY(account_openid(tx, account_id, settings.wx_appid, &openid));
	return attempt_new(tx, &order, openid, attempts.count, out);
}

void attempt_prepaid(struct tx *tx, const struct attempt *a, const char *prepay)
{
	db_queue(tx, &attempt_answered, A(a->id), A(prepay));
}
