#include "notify.h"
#include "wechatpay/notify.h"

static struct wechatpay_signed signed_request(const struct req *r)
{
	return (struct wechatpay_signed){
		.timestamp = header(r, "HTTP_WECHATPAY_TIMESTAMP"),
		.nonce = header(r, "HTTP_WECHATPAY_NONCE"),
		.signature = header(r, "HTTP_WECHATPAY_SIGNATURE"),
		.serial = header(r, "HTTP_WECHATPAY_SERIAL"),
		.body = {(const unsigned char *)r->body, r->body_len},
	};
}

static enum err tell_payment(struct req *r)
{
	struct wechatpay_signed told = signed_request(r);
	struct channel_payment payment;
	struct wechatpay_payment notice;

	TRY(wechatpay_notice_read(r->mem, &told, r->now, &notice));
	wechatpay_payment_of(&notice, &payment);
	TRY(payment_told(r, &payment));
	return reply_empty(r);
}

static enum err tell_refund(struct req *r)
{
	struct wechatpay_signed told = signed_request(r);
	struct wechatpay_refund state;
	struct channel_refund refund;

	TRY(wechatpay_refund_notice_read(r->mem, &told, r->now, &state));
	wechatpay_refund_of(&state, &refund);
	TRY(refund_told(r, &refund));
	return reply_empty(r);
}

const struct route wechat_routes[] = {
	{POST, "/notify/wechat", PUBLIC, TX_NONE, tell_payment, .flags = RAW_BODY,
		.says = "WeChat Pay tells that an order was paid"},
	{POST, "/notify/wechat/refund", PUBLIC, TX_NONE, tell_refund, .flags = RAW_BODY,
		.says = "WeChat Pay tells how a refund ended"},
	{0},
};
