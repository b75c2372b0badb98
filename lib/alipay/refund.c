#include "alipay/refund.h"

#include "alipay/alipay.h"
#include "alipay/call.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "channel/yuan.h"

enum { BODY_MAX = 4096, REASON_MAX = 255 };

/* out_request_no is always sent: it makes a repeat harmless, and without it a refund of
 * a part is refused. */
const char *alipay_refund_body(struct arena *mem, const struct channel_refund_request *r)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "out_trade_no", r->out_trade_no);
	json_text(&b, "out_request_no", r->out_refund_no);
	json_text(&b, "refund_amount", yuan_write(mem, r->refund));
	if (r->reason && *r->reason)
		json_text(&b, "refund_reason", alipay_words(mem, r->reason, REASON_MAX));
	json_close(&b, '}');
	return buf_text(&b);
}

/* What is sent and what is answered. */
struct message {
	const char *out_trade_no, *out_request_no, *refund_amount;
	const char *fund_change, *refund_fee, *refund_status, *gmt_refund_pay;
};
static const struct field message_fields[] = {
	FIELD(struct message, out_trade_no, .optional = true, .max = 64),
	FIELD(struct message, out_request_no, .optional = true, .max = 64),
	FIELD(struct message, refund_amount, .optional = true),
	FIELD(struct message, fund_change, .optional = true),
	FIELD(struct message, refund_fee, .optional = true),
	FIELD(struct message, refund_status, .optional = true),
	FIELD(struct message, gmt_refund_pay, .optional = true),
};
static const struct shape message_shape = SHAPE(struct message, message_fields);

static bool load(struct arena *mem, const char *json, struct message *out)
{
	struct json_fault fault = {0};

	return json_load(mem, json, strlen(json), &message_shape, JSON_LENIENT, out, &fault) ==
	       E_OK;
}

/* What a person may cure before the very same is sent again: an empty account, and
 * whatever the gateway has against our key, our app, our rights. */
static void note_refusal(const struct alipay_exchange *x, struct channel_refund *out)
{
	out->refusal = x->refusal;
	out->curable = x->by_gateway || text_same(x->refusal, "ACQ.SELLER_BALANCE_NOT_ENOUGH");
}

static void note_done(const struct message *t, struct channel_refund *out)
{
	out->state = REFUND_DONE;
	if (!t->gmt_refund_pay || !alipay_time_parse(t->gmt_refund_pay, &out->done_at))
		out->done_at = (stamp){0};
}

static enum err not_asked_for(const char *out_refund_no)
{
	log_error("alipay", "%s: signed, but not the refund that was asked for", out_refund_no);
	return E_CHANNEL_UNKNOWN;
}

/* Without refund_status it wasn't done, and the same may be sent again. */
enum err alipay_refund_query(struct arena *mem, const char *out_trade_no,
	const char *out_refund_no, struct channel_refund *out)
{
	struct buf b = buf_in(mem, BODY_MAX);
	struct alipay_exchange x = {.method = "alipay.trade.fastpay.refund.query"};
	struct message answer;

	json_open(&b, NULL, '{');
	json_text(&b, "out_trade_no", out_trade_no);
	json_text(&b, "out_request_no", out_refund_no);
	json_raw(&b, "query_options", "[\"gmt_refund_pay\"]");
	json_close(&b, '}');
	x.biz = buf_text(&b);
	*out = (struct channel_refund){
		.channel = alipay_channel.name, .is_refund = true, .ours = true};
	enum err err = alipay_call(mem, &x);
	note_refusal(&x, out);
	if (text_same(x.refusal, ALIPAY_NO_TRADE))
		return E_NOT_FOUND;
	TRY(err);
	out->plaintext = x.plain;
	if (!load(mem, x.plain, &answer))
		return not_asked_for(out_refund_no);
	if (!answer.refund_status)
		return E_NOT_FOUND;
	if (!text_same(answer.refund_status, "REFUND_SUCCESS") ||
		!text_same(answer.out_trade_no, out_trade_no) ||
		!text_same(answer.out_request_no, out_refund_no) || !answer.refund_amount ||
		!alipay_yuan_parse(answer.refund_amount, &out->refund))
		return not_asked_for(out_refund_no);
	out->out_refund_no = answer.out_request_no;
	note_done(&answer, out);
	return E_OK;
}

/* 10000 says that the request was understood. Only fund_change Y says that this very
 * call moved the money; N is a repeat or nothing yet, and only a query tells. That the
 * query doesn't find it proves nothing here, so it is never E_NOT_FOUND. */
static enum err look(
	struct arena *mem, const struct message *request, struct channel_refund *out)
{
	enum err err =
		alipay_refund_query(mem, request->out_trade_no, request->out_request_no, out);

	if (err == E_OK)
		return E_OK;
	out->refusal = NULL; /* that was the query's */
	out->curable = false;
	return E_CHANNEL_UNKNOWN;
}

/* refund_fee is the sum of all refunds of the trade so far. */
enum err alipay_refund(struct arena *mem, const char *body, struct channel_refund *out)
{
	struct alipay_exchange x = {
		.method = "alipay.trade.refund",
		.biz = body,
		.once = true,
	};
	struct message request, answer;
	money sum;

	*out = (struct channel_refund){
		.channel = alipay_channel.name, .is_refund = true, .ours = true};
	if (!load(mem, body, &request) || !request.out_trade_no || !request.out_request_no ||
		!request.refund_amount ||
		!alipay_yuan_parse(request.refund_amount, &out->refund))
		return E_INTERNAL;
	out->out_refund_no = request.out_request_no;
	enum err err = alipay_call(mem, &x);
	note_refusal(&x, out);
	TRY(err);
	out->plaintext = x.plain;
	if (!load(mem, x.plain, &answer) ||
		!text_same(answer.out_trade_no, request.out_trade_no))
		return not_asked_for(request.out_request_no);
	if (!text_same(answer.fund_change, "Y"))
		return look(mem, &request, out);
	if (answer.refund_fee &&
		(!alipay_yuan_parse(answer.refund_fee, &sum) || sum.fen < out->refund.fen))
		return not_asked_for(request.out_request_no);
	note_done(&answer, out);
	return E_OK;
}
