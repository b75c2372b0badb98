#include "pay/wechatpay.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "pay/wechatpay_call.h"

#include <time.h>

enum { TRIES = 2, PAUSE_MS = 200, BODY_MAX = 4096, DESCRIPTION_MAX = 127, NONCE_LEN = 32 };

static void want(bool ok, const char *setting, const char *why)
{
	if (!ok)
		setting_refuse(setting, why);
}

/* The base ends behind the host: what comes behind is signed as it is sent. */
static bool is_origin(const char *url)
{
	return strncmp(url, "https://", 8) == 0 && url[8] && !strpbrk(url + 8, "/?#");
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
	want(is_origin(s->wxpay_base), "ZX_WXPAY_BASE",
		"wants https://host, nothing behind it");
	want(is_origin(s->issuer), "ZX_ISSUER", "wants https://host, nothing behind it");
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
	wechat_merchant = (struct wechat_merchant){
		.mchid = s->wxpay_mchid,
		.appid = s->wx_appid,
		.serial = s->wxpay_serial,
		.pubkey_id = s->wxpay_pubkey_id,
		.key = key,
		.apiv3 = {(const unsigned char *)apiv3, len},
	};
	wechat_keys_init(pubkey);
}

static size_t cut_utf8(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

const char *wechat_prepay_body(struct arena *mem, const struct wechat_prepay *p)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "appid", wechat_merchant.appid);
	json_text(&b, "mchid", wechat_merchant.mchid);
	json_text_n(
		&b, "description", p->description, cut_utf8(p->description, DESCRIPTION_MAX));
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

static bool is_proven(struct arena *mem, const struct http_answer *a, int64_t deadline)
{
	struct wechat_signed s = wechat_signed_answer(a);
	stamp now = stamp_now();
	const struct key *key = NULL;

	if (wechat_is_fresh(&s, now))
		key = wechat_key(mem, s.serial, now, deadline);
	if (key && wechat_verify(mem, key, &s))
		return true;
	log_warn("wechatpay", "an answer is not signed as it should be: serial %s%s",
		s.serial ? s.serial : "none", key ? "" : ", not known or not fresh");
	return false;
}

struct problem {
	const char *code, *message;
};
static const struct field problem_fields[] = {
	FIELD(struct problem, code, .min = 1, .max = 64),
	FIELD(struct problem, message, .optional = true),
};
static const struct shape problem_shape = SHAPE(struct problem, problem_fields);

/* An answer that is no 2xx: unsigned, perhaps without a body. A hint. */
static const char *problem_code(
	struct arena *mem, const char *target, const struct http_answer *a)
{
	struct problem p = {0};
	struct json_fault fault = {0};
	const char *id = http_header(a, "Request-ID");

	if (json_load(mem, (const char *)a->body.at, a->body.len, &problem_shape, JSON_LENIENT,
		    &p, &fault) != E_OK)
		p = (struct problem){arena_printf(mem, "HTTP_%d", a->status), NULL};
	/* 401 is our key, our serial or our clock: nobody can pay until it's cured. */
	log_write(a->status == 401 ? LOG_ERROR : LOG_WARN, "wechatpay",
		"%.*s: HTTP %d %s: %s, request %s", (int)strcspn(target, "?"), target,
		a->status, p.code, p.message ? p.message : "", id ? id : "unknown");
	return p.code;
}

/* Of the 500s these are about the request: the same again brings the same. */
static bool is_final(const char *code)
{
	return strcmp(code, "OPENID_MISMATCH") == 0 ||
	       strcmp(code, "INVALID_TRANSACTIONID") == 0;
}

struct exchange {
	const char *method, *target;
	struct bytes body;
	int64_t deadline;
	struct http_answer answer;
	const char *refusal;
};

/* By status first, by code only where the status leaves it open (4012081709).
 * E_BUSY: told to wait. */
static enum err try_once(struct arena *mem, struct exchange *x)
{
	const struct http_answer *a = &x->answer;
	enum err err = wechat_send(mem, x->method, x->target, x->body, x->deadline, &x->answer);

	if (err != E_OK)
		return err == E_UNKNOWN ? E_CHANNEL_UNKNOWN : err;
	if (a->status >= 200 && a->status < 300)
		return is_proven(mem, a, x->deadline) ? E_OK : E_CHANNEL_UNKNOWN;
	const char *code = problem_code(mem, x->target, a);
	if (a->status == 429)
		return E_BUSY;
	if ((a->status >= 400 && a->status < 500) || is_final(code)) {
		x->refusal = code;
		return E_CHANNEL_REFUSED;
	}
	return E_CHANNEL_UNKNOWN;
}

static bool time_for_another(int64_t deadline)
{
	if (clock_ms() + 2LL * PAUSE_MS > deadline)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	return true;
}

/* The same parameters again, at most once, and never past the request's own
 * limit. Once a try may have arrived, "never sent" is no longer true. */
static enum err ask(struct arena *mem, struct exchange *x)
{
	enum err err = E_UPSTREAM;
	bool perhaps = false;

	x->deadline = clock_ms() + settings.request_limit_s * 800;
	for (int i = 0; i < TRIES; i++) {
		if (i > 0 && !time_for_another(x->deadline))
			break;
		err = try_once(mem, x);
		if (err == E_OK || err == E_CHANNEL_REFUSED || err == E_INTERNAL)
			return err;
		perhaps |= err == E_CHANNEL_UNKNOWN;
		if (err == E_BUSY)
			break;
	}
	return perhaps ? E_CHANNEL_UNKNOWN : E_UPSTREAM;
}

static const struct field prepaid_fields[] = {
	FIELD(struct wechat_prepaid, prepay_id, .optional = true, .min = 1, .max = 64),
	FIELD(struct wechat_prepaid, code_url, .optional = true, .min = 1, .max = 512),
};
static const struct shape prepaid_shape = SHAPE(struct wechat_prepaid, prepaid_fields);

enum err wechat_prepay(
	struct arena *mem, const char *method, const char *body, struct wechat_prepaid *out)
{
	struct json_fault fault = {0};
	struct exchange x = {
		.method = "POST",
		.target = arena_printf(mem, "/v3/pay/transactions/%s", method),
		.body = bytes_of(body),
	};

	*out = (struct wechat_prepaid){0};
	enum err err = ask(mem, &x);
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

enum err wechat_query(struct arena *mem, const char *out_trade_no, struct wechat_notice *out)
{
	struct exchange x = {
		.method = "GET",
		.target = arena_printf(mem, "/v3/pay/transactions/out-trade-no/%s?mchid=%s",
			url_escape(mem, out_trade_no), url_escape(mem, wechat_merchant.mchid)),
	};

	*out = (struct wechat_notice){0};
	enum err err = ask(mem, &x);
	if (err == E_CHANNEL_REFUSED && (strcmp(x.refusal, "ORDER_NOT_EXIST") == 0 ||
						strcmp(x.refusal, "ORDERNOTEXIST") == 0))
		return E_NOT_FOUND;
	TRY(err);
	if (wechat_payment_read(mem, x.answer.body, out) &&
		strcmp(out->out_trade_no, out_trade_no) == 0)
		return E_OK;
	log_error("wechatpay", "%s: signed, but not the payment that was asked for",
		out_trade_no);
	return E_CHANNEL_UNKNOWN;
}

static const struct field pay_params_fields[] = {
	FIELD_AS(struct wechat_pay_params, time_stamp, "timeStamp"),
	FIELD_AS(struct wechat_pay_params, nonce_str, "nonceStr"),
	FIELD(struct wechat_pay_params, package),
	FIELD_AS(struct wechat_pay_params, sign_type, "signType"),
	FIELD_AS(struct wechat_pay_params, pay_sign, "paySign"),
};
const struct shape wechat_pay_params_shape = SHAPE(struct wechat_pay_params, pay_params_fields);

enum err wechat_pay_params(
	struct arena *mem, const char *prepay_id, struct wechat_pay_params *out)
{
	char nonce[NONCE_LEN + 1];

	random_text(nonce, NONCE_LEN);
	*out = (struct wechat_pay_params){
		.time_stamp = arena_printf(mem, "%lld", (long long)(stamp_now().us / SECOND)),
		.nonce_str = arena_strdup(mem, nonce),
		.package = arena_printf(mem, "prepay_id=%s", prepay_id),
		.sign_type = "RSA",
	};
	out->pay_sign = wechat_pay_sign(mem, &wechat_merchant, out);
	return out->pay_sign ? E_OK : E_INTERNAL;
}
