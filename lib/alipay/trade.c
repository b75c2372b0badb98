#include "alipay/trade.h"

#include "alipay/alipay.h"
#include "alipay/call.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "channel/yuan.h"

enum { BODY_MAX = 4096, SUBJECT_MAX = 255, TICKET_MAX = 512 };

/* time_expire is always sent: nothing else ends a code that nobody has scanned. */
const char *alipay_order_body(struct arena *mem, const struct channel_order *o)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "out_trade_no", o->out_trade_no);
	json_text(&b, "total_amount", yuan_write(mem, o->total));
	json_text(&b, "subject", alipay_words(mem, o->description, SUBJECT_MAX));
	json_text(&b, "time_expire", alipay_time(mem, o->expires));
	if (method_is_jsapi(o->method)) {
		json_text(&b, "product_code", "JSAPI_PAY");
		json_text(&b, "op_app_id", alipay_merchant.appid);
		json_text(&b, "buyer_open_id", o->payer);
	}
	json_close(&b, '}');
	return buf_text(&b);
}

struct ticket {
	const char *qr_code, *trade_no;
};
static const struct field ticket_fields[] = {
	FIELD(struct ticket, qr_code, .optional = true, .min = 1, .max = TICKET_MAX),
	FIELD(struct ticket, trade_no, .optional = true, .min = 1, .max = 64),
};
static const struct shape ticket_shape = SHAPE(struct ticket, ticket_fields);

enum err alipay_prepay(
	struct arena *mem, const char *method, const char *body, const char **ticket)
{
	bool native = !method_is_jsapi(method);
	struct json_fault fault = {0};
	struct ticket t;
	struct alipay_exchange x = {
		.method = native ? "alipay.trade.precreate" : "alipay.trade.create",
		.biz = body,
		.notify = true,
	};

	TRY(alipay_call(mem, &x));
	if (json_load(mem, x.plain, strlen(x.plain), &ticket_shape, JSON_LENIENT, &t, &fault) ==
		E_OK)
		*ticket = native ? t.qr_code : t.trade_no;
	else
		*ticket = NULL;
	if (*ticket)
		return E_OK;
	log_error("alipay", "%s: signed, but without a ticket", x.method);
	return E_CHANNEL_UNKNOWN;
}

static const char *number_body(struct arena *mem, const char *out_trade_no)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "out_trade_no", out_trade_no);
	json_close(&b, '}');
	return buf_text(&b);
}

static const char trade_closed[] = "TRADE_CLOSED";
static const struct {
	const char *word;
	enum payment_state state;
} trade_states[] = {
	{"WAIT_BUYER_PAY", PAYMENT_OPEN},
	{"TRADE_SUCCESS", PAYMENT_PAID},
	{"TRADE_FINISHED", PAYMENT_PAID}, /* paid, and too late for a refund */
	{trade_closed, PAYMENT_CLOSED},
};

static bool has_sum(const char *yuan)
{
	money m = {0};

	return yuan && alipay_yuan_parse(yuan, &m) && m.fen > 0;
}

/* A trade that is closed may have been paid: then all of it was given back. */
static bool has_time_or_sum(const struct alipay_trade *t)
{
	return t->paid_at || has_sum(t->buyer_pay_amount);
}

/* False for a word that we don't know. */
static bool state_of(const struct alipay_trade *t, enum payment_state *out)
{
	for (size_t i = 0; i < COUNT_OF(trade_states); i++)
		if (text_same(t->trade_status, trade_states[i].word)) {
			*out = trade_states[i].state;
			if (*out == PAYMENT_CLOSED && has_time_or_sum(t))
				*out = PAYMENT_PAID;
			return true;
		}
	return false;
}

const char *alipay_payment_of(const struct alipay_trade *t, struct channel_payment *out)
{
	out->channel = alipay_channel.name;
	out->is_payment = true;
	out->out_trade_no = t->out_trade_no;
	out->transaction_id = t->trade_no;
	out->payer = t->buyer_open_id ? t->buyer_open_id : t->buyer_id;
	out->yuan = !t->trans_currency || strcmp(t->trans_currency, "CNY") == 0;
	if (!state_of(t, &out->state))
		return "a known trade_status";
	bool paid = out->state == PAYMENT_PAID;
	out->returned = paid && (text_same(t->trade_status, trade_closed) || t->refunded_at ||
					has_sum(t->refund_fee));
	if (!t->out_trade_no)
		return "out_trade_no";
	if (t->total_amount ? !alipay_yuan_parse(t->total_amount, &out->total) : paid)
		return "total_amount";
	if (!paid)
		return NULL;
	if (!t->trade_no || out->total.fen == 0)
		return "trade_no, or a sum";
	return t->paid_at && alipay_time_parse(t->paid_at, &out->paid_at)
		       ? NULL
		       : "the time of payment";
}

static const struct field trade_fields[] = {
	FIELD(struct alipay_trade, trade_no, .optional = true, .max = 64),
	FIELD(struct alipay_trade, out_trade_no, .optional = true, .max = 64),
	FIELD(struct alipay_trade, trade_status, .optional = true),
	FIELD(struct alipay_trade, total_amount, .optional = true),
	FIELD(struct alipay_trade, buyer_pay_amount, .optional = true),
	FIELD_AS(struct alipay_trade, paid_at, "send_pay_date", .optional = true),
	FIELD(struct alipay_trade, buyer_open_id, .optional = true, .max = 128),
	FIELD_AS(struct alipay_trade, buyer_id, "buyer_user_id", .optional = true, .max = 128),
	FIELD(struct alipay_trade, trans_currency, .optional = true),
};
static const struct shape trade_shape = SHAPE(struct alipay_trade, trade_fields);

/* The answer names no merchant: Alipay tells an app of its own trades only. */
static const char *read_trade(struct arena *mem, const char *json, const char *out_trade_no,
	struct channel_payment *out)
{
	struct json_fault fault = {0};
	struct alipay_trade t;

	if (json_load(mem, json, strlen(json), &trade_shape, JSON_LENIENT, &t, &fault) != E_OK)
		return fault.field ? fault.field : "JSON";
	*out = (struct channel_payment){.ours = true, .plaintext = json};
	const char *lack = alipay_payment_of(&t, out);
	if (lack)
		return lack;
	return strcmp(t.out_trade_no, out_trade_no) == 0 ? NULL
							 : "the number that was asked for";
}

enum err alipay_query(struct arena *mem, const char *out_trade_no, struct channel_payment *out)
{
	struct alipay_exchange x = {
		.method = "alipay.trade.query",
		.biz = number_body(mem, out_trade_no),
	};

	*out = (struct channel_payment){0};
	enum err err = alipay_call(mem, &x);
	if (text_same(x.refusal, ALIPAY_NO_TRADE))
		return E_NOT_FOUND;
	TRY(err);
	const char *lack = read_trade(mem, x.plain, out_trade_no, out);
	if (!lack)
		return E_OK;
	log_error("alipay", "%s: signed, but without %s", out_trade_no, lack);
	return E_CHANNEL_UNKNOWN;
}

/* A trade that is paid and one that is closed are refused by the same code: query. */
static enum err look(struct arena *mem, const char *out_trade_no)
{
	struct channel_payment p;
	enum err err = alipay_query(mem, out_trade_no, &p);

	if (err != E_OK)
		return E_CHANNEL_UNKNOWN;
	return p.state == PAYMENT_CLOSED ? E_OK
	       : p.state == PAYMENT_PAID ? E_CHANNEL_REFUSED
					 : E_CHANNEL_UNKNOWN;
}

/* A trade that doesn't exist yet can't be closed, but its code can still be scanned
 * and paid until time_expire: that is not E_OK. */
enum err alipay_close(struct arena *mem, const char *out_trade_no)
{
	struct alipay_exchange x = {
		.method = "alipay.trade.close",
		.biz = number_body(mem, out_trade_no),
	};
	enum err err = alipay_call(mem, &x);

	if (err != E_CHANNEL_REFUSED || x.by_gateway)
		return err;
	if (text_same(x.refusal, ALIPAY_NO_TRADE))
		return E_CHANNEL_UNKNOWN;
	return look(mem, out_trade_no);
}
