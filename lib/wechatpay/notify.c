#include "base/log.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "wechatpay/call.h"

/* WeChat Pay waits five seconds for our answer. */
enum { NOTIFY_MS = 4000 };

static const struct field letter_fields[] = {
	FIELD(struct wechat_letter, id, .min = 1, .max = 64),
	FIELD(struct wechat_letter, event_type, .min = 1, .max = 64),
};
static const struct shape letter_shape = SHAPE(struct wechat_letter, letter_fields);

static const struct field payment_fields[] = {
	FIELD(struct wechat_notice, appid, .optional = true),
	FIELD(struct wechat_notice, mchid, .optional = true),
	FIELD(struct wechat_notice, out_trade_no, .optional = true),
	FIELD(struct wechat_notice, transaction_id, .optional = true),
	FIELD(struct wechat_notice, trade_state, .optional = true),
	FIELD(struct wechat_notice, trade_type, .optional = true),
	FIELD(struct wechat_notice, success_time, .optional = true),
};
static const struct shape payment_shape = SHAPE(struct wechat_notice, payment_fields);

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

bool wechat_is_paid(const struct wechat_notice *n)
{
	return n->trade_state && (strcmp(n->trade_state, "SUCCESS") == 0 ||
					 strcmp(n->trade_state, "REFUND") == 0);
}

bool wechat_part(struct arena *mem, const cJSON *root, const char *name,
	const struct shape *shape, void *out)
{
	const cJSON *part = cJSON_GetObjectItemCaseSensitive(root, name);
	struct json_fault fault = {0};

	return !part || json_read(mem, part, shape, JSON_LENIENT, out, &fault) == E_OK;
}

static bool complete(const struct wechat_notice *n)
{
	bool named = n->appid && n->mchid && n->out_trade_no && n->trade_state;

	if (!named || !wechat_is_paid(n))
		return named;
	return n->transaction_id && n->success_time.us && n->total.fen > 0 && n->currency;
}

static bool read_payment(struct arena *mem, struct bytes json, struct wechat_notice *n)
{
	const char *id = n->id, *event_type = n->event_type;
	struct json_fault fault = {0};
	struct amount amount = {0};
	struct payer payer = {0};
	const cJSON *root;

	if (json_parse(mem, (const char *)json.at, json.len, &root, &fault) != E_OK ||
		json_read(mem, root, &payment_shape, JSON_LENIENT, n, &fault) != E_OK ||
		!wechat_part(mem, root, "amount", &amount_shape, &amount) ||
		!wechat_part(mem, root, "payer", &payer_shape, &payer))
		return false;
	n->id = id;
	n->event_type = event_type;
	n->total = amount.total;
	n->currency = amount.currency;
	n->payer_openid = payer.openid;
	n->plaintext = (const char *)json.at;
	return true;
}

bool wechat_payment_read(struct arena *mem, struct bytes json, struct wechat_notice *n)
{
	return read_payment(mem, json, n) && complete(n);
}

static const char *refusal(struct arena *mem, const struct wechat_signed *s, stamp now)
{
	if (!wechat_is_fresh(s, now))
		return "headers missing, or more than 300 s from now";
	const struct key *key = wechat_key(mem, s->serial, now, clock_ms() + NOTIFY_MS);
	if (!key)
		return "unknown serial";
	return wechat_verify(mem, key, s) ? NULL : "signature doesn't fit";
}

static bool open_letter(struct arena *mem, struct bytes body, struct wechat_letter *out)
{
	struct json_fault fault = {0};
	const cJSON *root;

	return json_parse(mem, (const char *)body.at, body.len, &root, &fault) == E_OK &&
	       json_read(mem, root, &letter_shape, JSON_LENIENT, out, &fault) == E_OK &&
	       wechat_open(mem, wechat_merchant.apiv3,
		       cJSON_GetObjectItemCaseSensitive(root, "resource"), &out->plain);
}

enum err wechat_letter_refuse(const char *why)
{
	log_warn("wechatpay_notify", "refused: %s", why);
	return E_NOTIFY_REFUSED;
}

enum err wechat_letter_open(
	struct arena *mem, const struct wechat_signed *s, stamp now, struct wechat_letter *out)
{
	const char *why = refusal(mem, s, now);

	*out = (struct wechat_letter){0};
	if (!why && !open_letter(mem, s->body, out))
		why = "signed, but can't be decrypted";
	return why ? wechat_letter_refuse(why) : E_OK;
}

enum err wechat_notice_read(
	struct arena *mem, const struct wechat_signed *s, stamp now, struct wechat_notice *out)
{
	struct wechat_letter letter;

	*out = (struct wechat_notice){0};
	TRY(wechat_letter_open(mem, s, now, &letter));
	out->id = letter.id;
	out->event_type = letter.event_type;
	if (strncmp(letter.event_type, "TRANSACTION.", 12) == 0
			? wechat_payment_read(mem, letter.plain, out)
			: read_payment(mem, letter.plain, out))
		return E_OK;
	return wechat_letter_refuse("decrypted, but lacks something");
}
