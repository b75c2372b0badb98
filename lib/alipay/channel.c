#include "alipay/alipay.h"

#include "alipay/bill.h"
#include "alipay/call.h"
#include "alipay/notify.h"
#include "alipay/refund.h"
#include "alipay/trade.h"
#include "base/bytes.h"
#include "base/settings.h"

enum { SELLER_DIGITS = 16, APPID_MAX = 32 };

static bool is_number(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && strspn(s, "0123456789") == n;
}

/* Without query: ours comes behind it. */
static bool is_address(const char *url)
{
	return text_begins(url, "https://") && url[8] && url[8] != '/' &&
	       !strpbrk(url + 8, "?# ");
}

bool alipay_is_on(void)
{
	return *settings.alipay_appid != '\0';
}

void alipay_init(void)
{
	const struct settings *s = &settings;

	key_free(alipay_merchant.key);
	key_free(alipay_merchant.alipay);
	alipay_merchant = (struct alipay_merchant){0};
	if (!alipay_is_on())
		return;
	setting_want(
		is_number(s->alipay_appid, APPID_MAX), "ZX_ALIPAY_APPID", "wants digits only");
	setting_want(is_number(s->alipay_seller_id, SELLER_DIGITS) &&
			     strlen(s->alipay_seller_id) == SELLER_DIGITS,
		"ZX_ALIPAY_SELLER_ID", "wants 16 digits");
	setting_want(is_address(s->alipay_gateway), "ZX_ALIPAY_GATEWAY",
		"wants https://host/path, no query");
	setting_want(setting_is_origin(s->issuer), "ZX_ISSUER",
		"wants https://host, nothing behind it");
	alipay_merchant = (struct alipay_merchant){
		.appid = s->alipay_appid,
		.seller_id = s->alipay_seller_id,
		.key = key_load_rsa(KEY_PRIVATE, "ZX_ALIPAY_KEY_FILE", s->alipay_key_file),
		.alipay = key_load_rsa(
			KEY_PUBLIC, "ZX_ALIPAY_PUBLIC_KEY_FILE", s->alipay_public_key_file),
	};
}

/* tradeNO is what my.tradePay() wants. */
static enum err write_ticket(
	struct buf *b, struct arena *mem, const char *method, const char *ticket)
{
	bool jsapi = method_is_jsapi(method);

	(void)mem;
	if (jsapi) {
		json_open(b, "pay_params", '{');
		json_text(b, "tradeNO", ticket);
		json_close(b, '}');
	} else {
		json_null(b, "pay_params");
	}
	json_text(b, "code_url", jsapi ? NULL : ticket);
	return E_OK;
}

const struct channel alipay_channel = {
	.name = "alipay",
	.init = alipay_init,
	.is_on = alipay_is_on,
	.order_body = alipay_order_body,
	.prepay = alipay_prepay,
	.write_ticket = write_ticket,
	.query = alipay_query,
	.code_is_hidden = true,
	.close = alipay_close,
	.refund_body = alipay_refund_body,
	.refund = alipay_refund,
	.refund_query = alipay_refund_query,
	.notifies = alipay_notifies,
	.received = "success", /* this very word; anything else is a failure to it */
	.bill = alipay_bill,
};
