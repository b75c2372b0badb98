#include "wechatpay/bill.h"
#include "wechatpay/notify.h"
#include "wechatpay/wechatpay.h"

#include "base/settings.h"
#include "codec/crypto.h"
#include "wechatpay/call.h"
#include "wechatpay/certs.h"
#include "wechatpay/refund.h"
#include "wechatpay/trade.h"

#include <string.h>

void wechatpay_init(void)
{
	const struct settings *s = &settings;
	struct key *pubkey = NULL;
	size_t len;

	setting_want(*s->wx_appid, "ZX_WX_APPID", "must be set");
	setting_want(*s->wxpay_mchid, "ZX_WXPAY_MCHID", "must be set");
	setting_want(*s->wxpay_serial && strspn(s->wxpay_serial, "0123456789ABCDEF") ==
						 strlen(s->wxpay_serial),
		"ZX_WXPAY_SERIAL", "wants upper-case hex without separators");
	/* A path after the host would be sent, but not signed. */
	setting_want(setting_is_origin(s->wxpay_base), "ZX_WXPAY_BASE",
		"wants https://host, nothing behind it");
	setting_want(setting_is_origin(s->issuer), "ZX_ISSUER",
		"wants https://host, nothing behind it");
	setting_want(!*s->wxpay_pubkey_id == !*s->wxpay_pubkey_file, "ZX_WXPAY_PUBKEY_ID",
		"needs ZX_WXPAY_PUBKEY_FILE too, and the other way round");
	const char *apiv3 =
		secret_read("ZX_WXPAY_APIV3_KEY_FILE", s->wxpay_apiv3_key_file, &len);
	setting_want(len == AES256_BYTES, "ZX_WXPAY_APIV3_KEY_FILE", "wants exactly 32 bytes");
	struct key *key = key_load_rsa(KEY_PRIVATE, "ZX_WXPAY_KEY_FILE", s->wxpay_key_file);
	if (*s->wxpay_pubkey_file)
		pubkey = key_load_rsa(KEY_PUBLIC, "ZX_WXPAY_PUBKEY_FILE", s->wxpay_pubkey_file);
	wechatpay_merchant = (struct wechatpay_merchant){
		.mchid = s->wxpay_mchid,
		.appid = s->wx_appid,
		.serial = s->wxpay_serial,
		.pubkey_id = s->wxpay_pubkey_id,
		.key = key,
		.apiv3 = {(const unsigned char *)apiv3, len},
	};
	wechatpay_keys_init(pubkey);
}

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
	bool jsapi = method_is_jsapi(method);
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

static enum err query(struct arena *mem, const char *out_trade_no, struct channel_payment *out)
{
	struct wechatpay_payment n;

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

static enum err refund(struct arena *mem, const char *body, struct channel_refund *out)
{
	struct wechatpay_refund s;
	enum err err = wechatpay_refund(mem, body, &s);

	wechatpay_refund_of(&s, out);
	return err;
}

static enum err refund_query(struct arena *mem, const char *out_trade_no,
	const char *out_refund_no, struct channel_refund *out)
{
	struct wechatpay_refund s;

	(void)out_trade_no;
	enum err err = wechatpay_refund_query(mem, out_refund_no, &s);
	wechatpay_refund_of(&s, out);
	return err;
}

const struct channel wechatpay_channel = {
	.name = "wechat",
	.init = wechatpay_init,
	.payer_app = &settings.wx_appid,
	.order_body = order_body,
	.prepay = prepay,
	.write_ticket = write_ticket,
	.query = query,
	.close = wechatpay_close,
	.refund_body = refund_body,
	.refund = refund,
	.refund_query = refund_query,
	.notifies = wechatpay_notifies,
	.has_fundflow = true,
	.bill = wechatpay_bill,
};
