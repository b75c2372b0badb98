#include "wechatpay/refund.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/words.h"
#include "channel/yuan.h"
#include "wechatpay/call.h"
#include "wechatpay/notify.h"
#include "wechatpay/wechatpay.h"

enum { BODY_MAX = 4096, REASON_MAX = 80 };

const char *wechatpay_refund_body(struct arena *mem, const struct wechatpay_refund_request *r)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "out_trade_no", r->out_trade_no);
	json_text(&b, "out_refund_no", r->out_refund_no);
	if (r->reason && *r->reason)
		json_text_n(&b, "reason", r->reason, text_cut(r->reason, REASON_MAX));
	/* Always: a refund without it is notified as XML of the second version. */
	json_text(&b, "notify_url",
		arena_printf(mem, "%s" WECHATPAY_REFUND_NOTIFY_PATH, settings.issuer));
	json_open(&b, "amount", '{');
	json_int(&b, "refund", r->refund.fen);
	json_int(&b, "total", r->total.fen);
	json_text(&b, "currency", "CNY");
	json_close(&b, '}');
	json_close(&b, '}');
	return buf_text(&b);
}

/* clang-format off */
#define STATUSES(X) \
	X(REFUND_RUNNING, "PROCESSING") \
	X(REFUND_DONE, "SUCCESS") \
	X(REFUND_CLOSED, "CLOSED") \
	X(REFUND_ABNORMAL, "ABNORMAL")
#define X(id, word) [id] = word,
static const char *const statuses[] = {STATUSES(X)};
#undef X
/* clang-format on */

static enum refund_word state_of(const char *status)
{
	size_t i = word_find(statuses, COUNT_OF(statuses), status);

	return i < COUNT_OF(statuses) ? (enum refund_word)i : REFUND_RUNNING;
}

static const struct field refund_fields[] = {
	FIELD(struct wechatpay_refund, mchid, .optional = true),
	FIELD(struct wechatpay_refund, refund_id, .optional = true),
	FIELD(struct wechatpay_refund, out_refund_no, .optional = true),
	FIELD(struct wechatpay_refund, out_trade_no, .optional = true),
	FIELD(struct wechatpay_refund, transaction_id, .optional = true),
	FIELD(struct wechatpay_refund, status, .optional = true, .one_of = WORDS_OF(STATUSES)),
	/* what notifies call it */
	FIELD_AS(struct wechatpay_refund, status, "refund_status", .optional = true,
		.one_of = WORDS_OF(STATUSES)),
	FIELD(struct wechatpay_refund, success_time, .optional = true),
};
static const struct shape refund_shape = SHAPE(struct wechatpay_refund, refund_fields);

struct amount {
	money refund, total;
};
static const struct field amount_fields[] = {
	FIELD(struct amount, refund, .min = 1, .max = FEN_MAX),
	FIELD(struct amount, total, .min = 1, .max = FEN_MAX),
};
static const struct shape amount_shape = SHAPE(struct amount, amount_fields);

static bool load(struct arena *mem, struct bytes json, struct wechatpay_refund *out)
{
	struct json_fault fault = {0};
	struct amount amount = {0};
	const cJSON *root;

	if (json_parse(mem, (const char *)json.at, json.len, &root, &fault) != E_OK ||
		json_read(mem, root, &refund_shape, JSON_LENIENT, out, &fault) != E_OK ||
		!wechatpay_member_read(mem, root, "amount", &amount_shape, &amount))
		return false;
	out->refund = amount.refund;
	out->total = amount.total;
	return true;
}

bool wechatpay_refund_read(struct arena *mem, struct bytes json, struct wechatpay_refund *out)
{
	const char *id = out->id, *event_type = out->event_type;

	if (!load(mem, json, out))
		return false;
	out->id = id;
	out->event_type = event_type;
	out->plaintext = (const char *)json.at;
	return out->refund_id && out->out_refund_no && out->out_trade_no &&
	       out->transaction_id && out->status && out->refund.fen > 0 &&
	       out->refund.fen <= out->total.fen;
}

void wechatpay_refund_of(const struct wechatpay_refund *s, struct channel_refund *out)
{
	*out = (struct channel_refund){
		.channel = wechatpay_channel.name,
		.id = s->id,
		.event = s->event_type,
		.is_refund = s->status != NULL,
		.ours = !s->mchid || text_same(s->mchid, settings.wxpay_mchid),
		.out_refund_no = s->out_refund_no,
		.channel_no = s->refund_id,
		.state = state_of(s->status),
		.refund = s->refund,
		.done_at = s->success_time,
		.refusal = s->refusal,
		.curable = text_same(s->refusal, "NOT_ENOUGH") ||
			   text_same(s->refusal, "SIGN_ERROR"),
		.plaintext = s->plaintext,
	};
}

static bool same_refund(const struct wechatpay_refund *a, const struct wechatpay_refund *b)
{
	return strcmp(a->out_refund_no, b->out_refund_no) == 0 &&
	       strcmp(a->out_trade_no, b->out_trade_no) == 0 &&
	       a->refund.fen == b->refund.fen && a->total.fen == b->total.fen;
}

static enum err not_asked_for(const char *out_refund_no)
{
	log_error("wechatpay", "%s: signed, but not the refund that was asked for",
		out_refund_no);
	return E_CHANNEL_UNKNOWN;
}

enum err wechatpay_refund(struct arena *mem, const char *body, struct wechatpay_refund *out)
{
	struct wechatpay_refund asked = {0};
	struct wechatpay_exchange x = {
		.method = "POST",
		.target = "/v3/refund/domestic/refunds",
		.body = bytes_of(body),
		.query_first = true,
	};

	*out = (struct wechatpay_refund){0};
	if (!load(mem, x.body, &asked) || !asked.out_refund_no || !asked.out_trade_no)
		return E_INTERNAL;
	enum err err = wechatpay_call(mem, &x);
	out->refusal = x.refusal;
	TRY(err);
	if (wechatpay_refund_read(mem, x.answer.body, out) && same_refund(out, &asked))
		return E_OK;
	return not_asked_for(asked.out_refund_no);
}

enum err wechatpay_refund_query(
	struct arena *mem, const char *out_refund_no, struct wechatpay_refund *out)
{
	struct wechatpay_exchange x = {
		.method = "GET",
		.target = arena_printf(
			mem, "/v3/refund/domestic/refunds/%s", url_escape(mem, out_refund_no)),
	};

	*out = (struct wechatpay_refund){0};
	enum err err = wechatpay_call(mem, &x);
	if (x.answer.status == 404 && text_same(x.refusal, "RESOURCE_NOT_EXISTS"))
		return E_NOT_FOUND;
	out->refusal = x.refusal;
	TRY(err);
	if (wechatpay_refund_read(mem, x.answer.body, out) &&
		strcmp(out->out_refund_no, out_refund_no) == 0)
		return E_OK;
	return not_asked_for(out_refund_no);
}
