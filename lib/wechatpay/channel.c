#include "wechatpay/channel.h"

#include "base/bytes.h"
#include "base/settings.h"
#include "wechatpay/call.h"

#include <string.h>

static const char *order_body(struct arena *mem, const struct channel_order *o)
{
	return wechatpay_order_body(
		mem, &(struct wechatpay_order){.description = o->description,
			     .out_trade_no = o->out_trade_no,
			     .expires = o->expires,
			     .total = o->total,
			     .openid = o->payer});
}

static enum err prepay(
	struct arena *mem, const char *method, const char *body, const char **ticket)
{
	struct wechatpay_prepaid answer;

	TRY(wechatpay_prepay(mem, method, body, &answer));
	*ticket = answer.prepay_id ? answer.prepay_id : answer.code_url;
	return E_OK;
}

static enum err write_ticket(
	struct buf *b, struct arena *mem, const char *method, const char *ticket)
{
	bool jsapi = strcmp(method, "jsapi") == 0;
	struct wechatpay_pay_params params;

	if (jsapi) {
		TRY(wechatpay_pay_params(mem, ticket, &params));
		json_shape(b, "pay_params", &wechatpay_pay_params_shape, &params);
	} else {
		json_null(b, "pay_params");
	}
	json_text(b, "code_url", jsapi ? NULL : ticket);
	return E_OK;
}

void wechatpay_payment_of(const struct wechatpay_notice *n, struct channel_payment *out)
{
	*out = (struct channel_payment){
		.channel = wechatpay_channel.name,
		.id = n->id,
		.event = n->event_type,
		.is_payment = !n->event_type || wechatpay_is_about_payment(n->event_type),
		.state = wechatpay_is_paid(n)                  ? PAYMENT_PAID
			 : text_same(n->trade_state, "CLOSED") ? PAYMENT_CLOSED
							       : PAYMENT_OPEN,
		.ours = text_same(n->mchid, settings.wxpay_mchid) &&
			text_same(n->appid, settings.wx_appid),
		.yuan = text_same(n->currency, "CNY"),
		.out_trade_no = n->out_trade_no,
		.transaction_id = n->transaction_id,
		.payer = n->payer_openid,
		.paid_at = n->success_time,
		.total = n->total,
		.plaintext = n->plaintext,
	};
}

static enum err query(struct arena *mem, const char *out_trade_no, struct channel_payment *out)
{
	struct wechatpay_notice n;

	TRY(wechatpay_query(mem, out_trade_no, &n));
	wechatpay_payment_of(&n, out);
	return E_OK;
}

static const char *refund_body(struct arena *mem, const struct channel_refund_request *r)
{
	return wechatpay_refund_body(
		mem, &(struct wechatpay_refund_request){.out_trade_no = r->out_trade_no,
			     .out_refund_no = r->out_refund_no,
			     .reason = r->reason,
			     .refund = r->refund,
			     .total = r->total});
}

void wechatpay_refund_of(const struct wechatpay_refund_state *s, struct channel_refund *out)
{
	*out = (struct channel_refund){
		.channel = wechatpay_channel.name,
		.id = s->id,
		.event = s->event_type,
		.is_refund = s->status != NULL,
		.ours = !s->mchid || text_same(s->mchid, settings.wxpay_mchid),
		.out_refund_no = s->out_refund_no,
		.channel_no = s->refund_id,
		.state = text_same(s->status, "SUCCESS")    ? REFUND_DONE
			 : text_same(s->status, "CLOSED")   ? REFUND_CLOSED
			 : text_same(s->status, "ABNORMAL") ? REFUND_ABNORMAL
							    : REFUND_RUNNING,
		.refund = s->refund,
		.done_at = s->success_time,
		.refusal = s->refusal,
		.curable = text_same(s->refusal, "NOT_ENOUGH") ||
			   text_same(s->refusal, "SIGN_ERROR"),
		.plaintext = s->plaintext,
	};
}

static enum err refund(struct arena *mem, const char *body, struct channel_refund *out)
{
	struct wechatpay_refund_state s;
	enum err err = wechatpay_refund(mem, body, &s);

	wechatpay_refund_of(&s, out);
	return err;
}

static enum err refund_query(struct arena *mem, const char *out_trade_no,
	const char *out_refund_no, struct channel_refund *out)
{
	struct wechatpay_refund_state s;

	(void)out_trade_no;
	enum err err = wechatpay_refund_query(mem, out_refund_no, &s);
	wechatpay_refund_of(&s, out);
	return err;
}

const struct channel wechatpay_channel = {
	.name = "wechat",
	.order_body = order_body,
	.prepay = prepay,
	.write_ticket = write_ticket,
	.query = query,
	.close = wechatpay_close,
	.refund_body = refund_body,
	.refund = refund,
	.refund_query = refund_query,
};
