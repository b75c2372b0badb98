#include "wechatpay/trade.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "codec/crypto.h"
#include "wechatpay/call.h"
#include "wechatpay/notify.h"
#include "wechatpay/wechatpay.h"

#include <inttypes.h>

enum { BODY_MAX = 4096, DESCRIPTION_MAX = 127, NONCE_LEN = 32 };

const char *wechatpay_order_body(struct arena *mem, const struct wechatpay_order *p)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "appid", wechatpay_merchant.appid);
	json_text(&b, "mchid", wechatpay_merchant.mchid);
	json_text_n(
		&b, "description", p->description, text_cut(p->description, DESCRIPTION_MAX));
	json_text(&b, "out_trade_no", p->out_trade_no);
	json_stamp(&b, "time_expire", (stamp){p->expires.us / SECOND * SECOND});
	json_text(&b, "notify_url",
		arena_printf(mem, "%s" WECHATPAY_NOTIFY_PATH, settings.issuer));
	json_open(&b, "amount", '{');
	json_int(&b, "total", p->total.fen);
	json_text(&b, "currency", "CNY");
	json_close(&b, '}');
	if (p->openid) {
		json_open(&b, "payer", '{');
		json_text(&b, "openid", p->openid);
		json_close(&b, '}');
	}
	json_close(&b, '}');
	return buf_text(&b);
}

static const struct field prepaid_fields[] = {
	FIELD(struct wechatpay_prepaid, prepay_id, .optional = true, .min = 1, .max = 64),
	FIELD(struct wechatpay_prepaid, code_url, .optional = true, .min = 1, .max = 512),
};
static const struct shape prepaid_shape = SHAPE(struct wechatpay_prepaid, prepaid_fields);

enum err wechatpay_prepay(
	struct arena *mem, const char *method, const char *body, struct wechatpay_prepaid *out)
{
	struct json_fault fault = {0};
	struct wechatpay_exchange x = {
		.method = "POST",
		.target = arena_printf(mem, "/v3/pay/transactions/%s", method),
		.body = bytes_of(body),
	};

	*out = (struct wechatpay_prepaid){0};
	enum err err = wechatpay_call(mem, &x);
	out->refusal = x.refusal;
	TRY(err);
	err = json_load(mem, (const char *)x.answer.body.at, x.answer.body.len, &prepaid_shape,
		JSON_LENIENT, out, &fault);
	if (err == E_OK && (method_is_jsapi(method) ? out->prepay_id : out->code_url))
		return E_OK;
	log_error("wechatpay", "%s: signed, HTTP %d, but without a ticket", x.target,
		x.answer.status);
	return E_CHANNEL_UNKNOWN;
}

static const struct field payment_fields[] = {
	FIELD(struct wechatpay_payment, appid, .optional = true),
	FIELD(struct wechatpay_payment, mchid, .optional = true),
	FIELD(struct wechatpay_payment, out_trade_no, .optional = true),
	FIELD(struct wechatpay_payment, transaction_id, .optional = true),
	FIELD(struct wechatpay_payment, trade_state, .optional = true),
	FIELD(struct wechatpay_payment, trade_type, .optional = true),
	FIELD(struct wechatpay_payment, success_time, .optional = true),
};
static const struct shape payment_shape = SHAPE(struct wechatpay_payment, payment_fields);

struct amount {
	money total;
	const char *currency;
};
static const struct field amount_fields[] = {
	FIELD(struct amount, total, .optional = true, .min = 0, .max = FEN_MAX),
	FIELD(struct amount, currency, .optional = true),
};
static const struct shape amount_shape = SHAPE(struct amount, amount_fields);

struct payer {
	const char *openid;
};
static const struct field payer_fields[] = {
	FIELD(struct payer, openid, .optional = true),
};
static const struct shape payer_shape = SHAPE(struct payer, payer_fields);

/* Whatever else it is, it may still be paid. */
static enum payment_state state_of(const char *trade_state)
{
	static const struct {
		const char *word;
		enum payment_state state;
	} states[] = {
		{"SUCCESS", PAYMENT_PAID},
		{"REFUND", PAYMENT_PAID}, /* and something was given back */
		{"CLOSED", PAYMENT_CLOSED},
	};

	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (text_same(trade_state, states[i].word))
			return states[i].state;
	return PAYMENT_OPEN;
}

bool wechatpay_is_paid(const struct wechatpay_payment *n)
{
	return state_of(n->trade_state) == PAYMENT_PAID;
}

static bool complete(const struct wechatpay_payment *n)
{
	bool named = n->appid && n->mchid && n->out_trade_no && n->trade_state;

	if (!named || !wechatpay_is_paid(n))
		return named;
	return n->transaction_id && n->success_time.us && n->total.fen > 0;
}

bool wechatpay_payment_parse(struct arena *mem, struct bytes json, struct wechatpay_payment *n)
{
	const char *id = n->id, *event_type = n->event_type;
	struct json_fault fault = {0};
	struct amount amount = {0};
	struct payer payer = {0};
	const cJSON *root;

	if (json_parse(mem, (const char *)json.at, json.len, &root, &fault) != E_OK ||
		json_read(mem, root, &payment_shape, JSON_LENIENT, n, &fault) != E_OK ||
		!wechatpay_member_read(mem, root, "amount", &amount_shape, &amount) ||
		!wechatpay_member_read(mem, root, "payer", &payer_shape, &payer))
		return false;
	n->id = id;
	n->event_type = event_type;
	n->total = amount.total;
	n->currency = amount.currency;
	n->payer_openid = payer.openid;
	n->plaintext = (const char *)json.at;
	return true;
}

bool wechatpay_payment_read(struct arena *mem, struct bytes json, struct wechatpay_payment *n)
{
	return wechatpay_payment_parse(mem, json, n) && complete(n);
}

bool wechatpay_is_about_payment(const char *event_type)
{
	return text_begins(event_type, "TRANSACTION.");
}

void wechatpay_payment_of(const struct wechatpay_payment *n, struct channel_payment *out)
{
	*out = (struct channel_payment){
		.channel = wechatpay_channel.name,
		.id = n->id,
		.event = n->event_type,
		.is_payment = !n->event_type || wechatpay_is_about_payment(n->event_type),
		.state = state_of(n->trade_state),
		.returned = text_same(n->trade_state, "REFUND"),
		.ours = text_same(n->mchid, settings.wxpay_mchid) &&
			text_same(n->appid, settings.wx_appid),
		.yuan = !n->currency || strcmp(n->currency, "CNY") == 0,
		.out_trade_no = n->out_trade_no,
		.transaction_id = n->transaction_id,
		.payer = n->payer_openid,
		.paid_at = n->success_time,
		.total = n->total,
		.plaintext = n->plaintext,
	};
}

enum err wechatpay_query(
	struct arena *mem, const char *out_trade_no, struct wechatpay_payment *out)
{
	struct wechatpay_exchange x = {
		.method = "GET",
		.target = arena_printf(mem, "/v3/pay/transactions/out-trade-no/%s?mchid=%s",
			url_escape(mem, out_trade_no),
			url_escape(mem, wechatpay_merchant.mchid)),
	};

	*out = (struct wechatpay_payment){0};
	enum err err = wechatpay_call(mem, &x);
	if (text_same(x.refusal, "ORDER_NOT_EXIST") || text_same(x.refusal, "ORDERNOTEXIST"))
		return E_NOT_FOUND;
	TRY(err);
	if (wechatpay_payment_read(mem, x.answer.body, out) &&
		strcmp(out->out_trade_no, out_trade_no) == 0)
		return E_OK;
	log_error("wechatpay", "%s: signed, but not the payment that was asked for",
		out_trade_no);
	return E_CHANNEL_UNKNOWN;
}

enum err wechatpay_close(struct arena *mem, const char *out_trade_no)
{
	struct buf b = buf_in(mem, BODY_MAX);
	struct wechatpay_exchange x = {
		.method = "POST",
		.target = arena_printf(mem, "/v3/pay/transactions/out-trade-no/%s/close",
			url_escape(mem, out_trade_no)),
	};

	json_open(&b, NULL, '{');
	json_text(&b, "mchid", wechatpay_merchant.mchid);
	json_close(&b, '}');
	x.body = bytes_of(buf_text(&b));
	TRY(wechatpay_call(mem, &x));
	if (x.answer.status == 204)
		return E_OK;
	log_error("wechatpay", "%s: signed, but HTTP %d", x.target, x.answer.status);
	return E_CHANNEL_UNKNOWN;
}

static const struct field pay_params_fields[] = {
	FIELD_AS(struct wechatpay_pay_params, time_stamp, "timeStamp"),
	FIELD_AS(struct wechatpay_pay_params, nonce_str, "nonceStr"),
	FIELD(struct wechatpay_pay_params, package),
	FIELD_AS(struct wechatpay_pay_params, sign_type, "signType"),
	FIELD_AS(struct wechatpay_pay_params, pay_sign, "paySign"),
};
const struct shape wechatpay_pay_params_shape =
	SHAPE(struct wechatpay_pay_params, pay_params_fields);

enum err wechatpay_pay_params(
	struct arena *mem, const char *prepay_id, struct wechatpay_pay_params *out)
{
	char nonce[NONCE_LEN + 1];
	int64_t now_s = stamp_now().us / SECOND;

	random_text(nonce, NONCE_LEN);
	*out = (struct wechatpay_pay_params){
		.time_stamp = arena_printf(mem, "%" PRId64, now_s),
		.nonce_str = arena_strdup(mem, nonce),
		.package = arena_printf(mem, "prepay_id=%s", prepay_id),
		.sign_type = "RSA",
	};
	out->pay_sign = wechatpay_pay_sign(mem, &wechatpay_merchant, out);
	return out->pay_sign ? E_OK : E_INTERNAL;
}
