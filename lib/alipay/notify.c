#include "alipay/notify.h"

#include "alipay/alipay.h"
#include "alipay/call.h"
#include "alipay/trade.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/time.h"

/* Alipay sends for 25 hours; its people can have it sent again by hand. */
#define OLDEST (7 * (24 * HOUR))
#define NEWEST HOUR
enum { NOTIFY_ID_MAX = 128 };

static const char payment_type[] = "trade_status_sync";

static bool is_recent(const char *time, stamp now)
{
	stamp at;

	return time && alipay_time_parse(time, &at) && at.us > now.us - OLDEST &&
	       at.us < now.us + NEWEST;
}

/* Kinds other than a trade's may have sign_type among what is signed. */
static bool is_signed(struct arena *mem, const struct alipay_params *p)
{
	const char *sign = alipay_param_get(p, "sign");
	const struct key *key = alipay_merchant.alipay;

	if (!sign || !text_same(alipay_param_get(p, "sign_type"), "RSA2"))
		return false;
	return alipay_verify(mem, key, alipay_signed_text(mem, p, ALIPAY_NOTIFY), sign) ||
	       (!text_same(alipay_param_get(p, "notify_type"), payment_type) &&
		       alipay_verify(
			       mem, key, alipay_signed_text(mem, p, ALIPAY_REQUEST), sign));
}

static const char *read_trade(const struct alipay_params *p, struct channel_payment *out)
{
	const struct alipay_trade t = {
		.trade_no = alipay_param_get(p, "trade_no"),
		.out_trade_no = alipay_param_get(p, "out_trade_no"),
		.trade_status = alipay_param_get(p, "trade_status"),
		.total_amount = alipay_param_get(p, "total_amount"),
		.buyer_pay_amount = alipay_param_get(p, "buyer_pay_amount"),
		.paid_at = alipay_param_get(p, "gmt_payment"),
		.refund_fee = alipay_param_get(p, "refund_fee"),
		.refunded_at = alipay_param_get(p, "gmt_refund"),
		.buyer_open_id = alipay_param_get(p, "buyer_open_id"),
		.buyer_id = alipay_param_get(p, "buyer_id"),
		.trans_currency = alipay_param_get(p, "trans_currency"),
	};
	const char *lack = alipay_payment_of(&t, out);

	out->event = t.trade_status;
	out->ours = text_same(alipay_param_get(p, "app_id"), alipay_merchant.appid) &&
		    text_same(alipay_param_get(p, "seller_id"), alipay_merchant.seller_id);
	return lack;
}

static const char *refusal(struct arena *mem, struct bytes body, stamp now,
	struct alipay_params *p, struct channel_payment *out)
{
	if (!alipay_merchant.alipay)
		return "the channel is off";
	if (!alipay_form_read(mem, body, p))
		return "not a form, or an ambiguous one";
	if (!is_signed(mem, p))
		return "signature doesn't fit";
	if (!is_recent(alipay_param_get(p, "notify_time"), now))
		return "signed, but not of these days";
	out->id = alipay_param_get(p, "notify_id");
	out->event = alipay_param_get(p, "notify_type");
	if (!out->id || strlen(out->id) > NOTIFY_ID_MAX || !out->event)
		return "signed, but without id or type";
	out->channel = alipay_channel.name;
	out->plaintext = (const char *)alipay_signed_text(mem, p, ALIPAY_NOTIFY).at;
	return text_same(out->event, payment_type) ? read_trade(p, out) : NULL;
}

enum err alipay_notice_read(
	struct arena *mem, struct bytes body, stamp now, struct channel_payment *out)
{
	struct alipay_params p;

	*out = (struct channel_payment){0};
	const char *why = refusal(mem, body, now, &p, out);
	if (!why)
		return E_OK;
	log_warn("alipay_notify", "refused: %s", why);
	*out = (struct channel_payment){0};
	return E_NOTIFY_REFUSED;
}

static enum err read_payment(
	struct arena *mem, const struct notify_request *r, struct channel_payment *out)
{
	return alipay_notice_read(mem, r->body, r->now, out);
}

const struct channel_notify alipay_notifies[] = {
	{ALIPAY_NOTIFY_PATH, "Alipay tells that an order was paid",
		.read_payment = read_payment},
	{0},
};
