#include "wechatpay/notify.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/time.h"
#include "wechatpay/call.h"
#include "wechatpay/certs.h"

/* WeChat Pay waits five seconds for our answer. */
enum { NOTIFY_MS = 4000 };

struct event {
	const char *id, *event_type;
	struct bytes plain;
};
static const struct field event_fields[] = {
	FIELD(struct event, id, .min = 1, .max = 64),
	FIELD(struct event, event_type, .min = 1, .max = 64),
};
static const struct shape event_shape = SHAPE(struct event, event_fields);

static const char *refusal(struct arena *mem, const struct wechatpay_signed *s, stamp now)
{
	if (!wechatpay_is_fresh(s, now))
		return "headers missing, or more than 300 s from now";
	const struct key *key = wechatpay_key(mem, s->serial, now, clock_ms() + NOTIFY_MS);
	if (!key)
		return "unknown serial";
	return wechatpay_verify(mem, key, s) ? NULL : "signature doesn't fit";
}

static bool unseal(struct arena *mem, struct bytes body, struct event *out)
{
	struct json_fault fault = {0};
	const cJSON *root;

	return json_parse(mem, (const char *)body.at, body.len, &root, &fault) == E_OK &&
	       json_read(mem, root, &event_shape, JSON_LENIENT, out, &fault) == E_OK &&
	       wechatpay_open(mem, wechatpay_merchant.apiv3,
		       cJSON_GetObjectItemCaseSensitive(root, "resource"), &out->plain);
}

static enum err event_refuse(const char *why)
{
	log_warn("wechatpay_notify", "refused: %s", why);
	return E_NOTIFY_REFUSED;
}

static enum err event_open(
	struct arena *mem, const struct wechatpay_signed *s, stamp now, struct event *out)
{
	const char *why = refusal(mem, s, now);

	*out = (struct event){0};
	if (!why && !unseal(mem, s->body, out))
		why = "signed, but can't be decrypted";
	return why ? event_refuse(why) : E_OK;
}

enum err wechatpay_notice_read(struct arena *mem, const struct wechatpay_signed *s, stamp now,
	struct wechatpay_payment *out)
{
	struct event event;

	*out = (struct wechatpay_payment){0};
	TRY(event_open(mem, s, now, &event));
	out->id = event.id;
	out->event_type = event.event_type;
	if (wechatpay_is_about_payment(event.event_type)
			? wechatpay_payment_read(mem, event.plain, out)
			: wechatpay_payment_parse(mem, event.plain, out))
		return E_OK;
	return event_refuse("decrypted, but lacks something");
}

enum err wechatpay_refund_notice_read(struct arena *mem, const struct wechatpay_signed *s,
	stamp now, struct wechatpay_refund *out)
{
	struct event event;

	*out = (struct wechatpay_refund){0};
	TRY(event_open(mem, s, now, &event));
	out->id = event.id;
	out->event_type = event.event_type;
	if (!text_begins(event.event_type, "REFUND.") ||
		wechatpay_refund_read(mem, event.plain, out))
		return E_OK;
	return event_refuse("decrypted, but lacks something");
}

static struct wechatpay_signed signed_of(const struct notify_request *r)
{
	return (struct wechatpay_signed){
		.timestamp = r->header(r->request, "HTTP_WECHATPAY_TIMESTAMP"),
		.nonce = r->header(r->request, "HTTP_WECHATPAY_NONCE"),
		.signature = r->header(r->request, "HTTP_WECHATPAY_SIGNATURE"),
		.serial = r->header(r->request, "HTTP_WECHATPAY_SERIAL"),
		.body = r->body,
	};
}

static enum err read_payment(
	struct arena *mem, const struct notify_request *r, struct channel_payment *out)
{
	struct wechatpay_signed s = signed_of(r);
	struct wechatpay_payment payment;

	TRY(wechatpay_notice_read(mem, &s, r->now, &payment));
	wechatpay_payment_of(&payment, out);
	return E_OK;
}

static enum err read_refund(
	struct arena *mem, const struct notify_request *r, struct channel_refund *out)
{
	struct wechatpay_signed s = signed_of(r);
	struct wechatpay_refund refund;

	TRY(wechatpay_refund_notice_read(mem, &s, r->now, &refund));
	wechatpay_refund_of(&refund, out);
	return E_OK;
}

const struct channel_notify wechatpay_notifies[] = {
	{WECHATPAY_NOTIFY_PATH, "WeChat Pay tells that an order was paid",
		.read_payment = read_payment},
	{WECHATPAY_REFUND_NOTIFY_PATH, "WeChat Pay tells how a refund ended",
		.read_refund = read_refund},
	{0},
};
