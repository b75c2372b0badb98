#include "base/bytes.h"
#include "wechatpay/wechatpay.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "wechatpay/call.h"

enum { BODY_MAX = 4096, DESCRIPTION_MAX = 127, NONCE_LEN = 32 };

static void want(bool ok, const char *setting, const char *why)
{
	if (!ok)
		setting_refuse(setting, why);
}

void wechatpay_init(void)
{
	const struct settings *s = &settings;
	struct key *pubkey = NULL;
	size_t len;

	want(*s->wx_appid, "ZX_WX_APPID", "must be set");
	want(*s->wxpay_mchid, "ZX_WXPAY_MCHID", "must be set");
	want(*s->wxpay_serial &&
			strspn(s->wxpay_serial, "0123456789ABCDEF") == strlen(s->wxpay_serial),
		"ZX_WXPAY_SERIAL", "wants upper-case hex without separators");
	/* What comes behind the host is signed as it is sent. */
	want(setting_is_origin(s->wxpay_base), "ZX_WXPAY_BASE",
		"wants https://host, nothing behind it");
	want(setting_is_origin(s->issuer), "ZX_ISSUER",
		"wants https://host, nothing behind it");
	want(!*s->wxpay_pubkey_id == !*s->wxpay_pubkey_file, "ZX_WXPAY_PUBKEY_ID",
		"needs ZX_WXPAY_PUBKEY_FILE too, and the other way round");
	const char *apiv3 =
		secret_read("ZX_WXPAY_APIV3_KEY_FILE", s->wxpay_apiv3_key_file, &len);
	want(len == AES256_BYTES, "ZX_WXPAY_APIV3_KEY_FILE", "wants exactly 32 bytes");
	struct key *key = key_load(KEY_PRIVATE, "ZX_WXPAY_KEY_FILE", s->wxpay_key_file);
	want(key_is_rsa(key), "ZX_WXPAY_KEY_FILE", "wants an RSA key");
	if (*s->wxpay_pubkey_file) {
		pubkey = key_load(KEY_PUBLIC, "ZX_WXPAY_PUBKEY_FILE", s->wxpay_pubkey_file);
		want(key_is_rsa(pubkey), "ZX_WXPAY_PUBKEY_FILE", "wants an RSA key");
	}
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
	json_text(&b, "notify_url", arena_printf(mem, "%s/notify/wechat", settings.issuer));
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
	if (err == E_OK && (strcmp(method, "native") == 0 ? out->code_url : out->prepay_id))
		return E_OK;
	log_error("wechatpay", "%s: signed, HTTP %d, but without a ticket", x.target,
		x.answer.status);
	return E_CHANNEL_UNKNOWN;
}

enum err wechatpay_query(
	struct arena *mem, const char *out_trade_no, struct wechatpay_notice *out)
{
	struct wechatpay_exchange x = {
		.method = "GET",
		.target = arena_printf(mem, "/v3/pay/transactions/out-trade-no/%s?mchid=%s",
			url_escape(mem, out_trade_no),
			url_escape(mem, wechatpay_merchant.mchid)),
	};

	*out = (struct wechatpay_notice){0};
	enum err err = wechatpay_call(mem, &x);
	if (err == E_CHANNEL_REFUSED && (strcmp(x.refusal, "ORDER_NOT_EXIST") == 0 ||
						strcmp(x.refusal, "ORDERNOTEXIST") == 0))
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

	random_text(nonce, NONCE_LEN);
	*out = (struct wechatpay_pay_params){
		.time_stamp = arena_printf(mem, "%lld", (long long)(stamp_now().us / SECOND)),
		.nonce_str = arena_strdup(mem, nonce),
		.package = arena_printf(mem, "prepay_id=%s", prepay_id),
		.sign_type = "RSA",
	};
	out->pay_sign = wechatpay_pay_sign(mem, &wechatpay_merchant, out);
	return out->pay_sign ? E_OK : E_INTERNAL;
}
