#include "base/bytes.h"
#include "base/log.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "wechatpay/call.h"

/* WeChat Pay waits five seconds for our answer. */
enum { NOTIFY_MS = 4000 };

static const struct field event_fields[] = {
	FIELD(struct wechatpay_event, id, .min = 1, .max = 64),
	FIELD(struct wechatpay_event, event_type, .min = 1, .max = 64),
};
static const struct shape event_shape = SHAPE(struct wechatpay_event, event_fields);

static const struct field payment_fields[] = {
	FIELD(struct wechatpay_notice, appid, .optional = true),
	FIELD(struct wechatpay_notice, mchid, .optional = true),
	FIELD(struct wechatpay_notice, out_trade_no, .optional = true),
	FIELD(struct wechatpay_notice, transaction_id, .optional = true),
	FIELD(struct wechatpay_notice, trade_state, .optional = true),
	FIELD(struct wechatpay_notice, trade_type, .optional = true),
	FIELD(struct wechatpay_notice, success_time, .optional = true),
};
static const struct shape payment_shape = SHAPE(struct wechatpay_notice, payment_fields);

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

bool wechatpay_is_paid(const struct wechatpay_notice *n)
{
	return n->trade_state && (strcmp(n->trade_state, "SUCCESS") == 0 ||
					 strcmp(n->trade_state, "REFUND") == 0);
}

bool wechatpay_member_read(struct arena *mem, const cJSON *root, const char *name,
	const struct shape *shape, void *out)
{
	const cJSON *part = cJSON_GetObjectItemCaseSensitive(root, name);
	struct json_fault fault = {0};

	return !part || json_read(mem, part, shape, JSON_LENIENT, out, &fault) == E_OK;
}

static bool complete(const struct wechatpay_notice *n)
{
	bool named = n->appid && n->mchid && n->out_trade_no && n->trade_state;

	if (!named || !wechatpay_is_paid(n))
		return named;
	return n->transaction_id && n->success_time.us && n->total.fen > 0 && n->currency;
}

static bool read_payment(struct arena *mem, struct bytes json, struct wechatpay_notice *n)
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

bool wechatpay_payment_read(struct arena *mem, struct bytes json, struct wechatpay_notice *n)
{
	return read_payment(mem, json, n) && complete(n);
}

static const char *refusal(struct arena *mem, const struct wechatpay_signed *s, stamp now)
{
	if (!wechatpay_is_fresh(s, now))
		return "headers missing, or more than 300 s from now";
	const struct key *key = wechatpay_key(mem, s->serial, now, clock_ms() + NOTIFY_MS);
	if (!key)
		return "unknown serial";
	return wechatpay_verify(mem, key, s) ? NULL : "signature doesn't fit";
}

static bool open_event(struct arena *mem, struct bytes body, struct wechatpay_event *out)
{
	struct json_fault fault = {0};
	const cJSON *root;

	return json_parse(mem, (const char *)body.at, body.len, &root, &fault) == E_OK &&
	       json_read(mem, root, &event_shape, JSON_LENIENT, out, &fault) == E_OK &&
	       wechatpay_open(mem, wechatpay_merchant.apiv3,
		       cJSON_GetObjectItemCaseSensitive(root, "resource"), &out->plain);
}

bool wechatpay_is_about_payment(const char *event_type)
{
	return text_begins(event_type, "TRANSACTION.");
}

enum err wechatpay_event_refuse(const char *why)
{
	log_warn("wechatpay_notify", "refused: %s", why);
	return E_NOTIFY_REFUSED;
}

enum err wechatpay_event_open(struct arena *mem, const struct wechatpay_signed *s, stamp now,
	struct wechatpay_event *out)
{
	const char *why = refusal(mem, s, now);

	*out = (struct wechatpay_event){0};
	if (!why && !open_event(mem, s->body, out))
		why = "signed, but can't be decrypted";
	return why ? wechatpay_event_refuse(why) : E_OK;
}

enum err wechatpay_notice_read(struct arena *mem, const struct wechatpay_signed *s, stamp now,
	struct wechatpay_notice *out)
{
	struct wechatpay_event event;

	*out = (struct wechatpay_notice){0};
	TRY(wechatpay_event_open(mem, s, now, &event));
	out->id = event.id;
	out->event_type = event.event_type;
	if (wechatpay_is_about_payment(event.event_type)
			? wechatpay_payment_read(mem, event.plain, out)
			: read_payment(mem, event.plain, out))
		return E_OK;
	return wechatpay_event_refuse("decrypted, but lacks something");
}
