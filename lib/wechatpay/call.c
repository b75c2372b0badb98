#include "wechatpay/call.h"
#include "wechatpay/certs.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/call.h"

enum { NONCE_LEN = 32, HEADERS_MAX = 5 };

struct wechatpay_merchant wechatpay_merchant;

const char *const *wechatpay_headers(
	struct arena *mem, const char *method, const char *target, struct bytes body)
{
	const struct wechatpay_merchant *m = &wechatpay_merchant;
	const char **headers = NEW_N(mem, const char *, HEADERS_MAX);
	char nonce[NONCE_LEN + 1];
	size_t n = 0;

	random_text(nonce, NONCE_LEN);
	struct wechatpay_request q = {method, target, stamp_now().us / SECOND, nonce, body};
	const char *authorization = wechatpay_authorization(mem, m, &q);
	if (!authorization)
		return NULL;
	headers[n++] = "Accept: application/json";
	headers[n++] = arena_printf(mem, "Authorization: %s", authorization);
	if (body.len)
		headers[n++] = "Content-Type: application/json";
	if (*m->pubkey_id) /* else the answer is signed by a certificate: 4012154180 */
		headers[n++] = arena_printf(mem, "Wechatpay-Serial: %s", m->pubkey_id);
	headers[n] = NULL;
	return headers;
}

/* The number of a payment; of a refund of ours it is followed by R and digits. */
static const char *trade_of(struct arena *mem, const char *target, struct bytes body)
{
	static const char *const before[] = {"/out-trade-no/", "/refund/domestic/refunds/"};

	for (size_t i = 0; i < COUNT_OF(before); i++) {
		const char *at = strstr(target, before[i]);
		if (!at)
			continue;
		at += strlen(before[i]);
		return arena_printf(mem, "%.*s", (int)strcspn(at, "/?R"), at);
	}
	return channel_trade_of(mem, body);
}

enum err wechatpay_send(struct arena *mem, const char *method, const char *target,
	struct bytes body, int64_t deadline, struct http_answer *a)
{
	const char *const *headers = wechatpay_headers(mem, method, target, body);
	int64_t left = http_time_left(deadline);

	if (!headers)
		return E_INTERNAL;
	if (left <= 0)
		return E_UPSTREAM;
	return http_send(mem,
		&(struct http_call){
			.upstream = UPSTREAM_WECHAT_PAY,
			.about = trade_of(mem, target, body),
			.method = method,
			.url = arena_printf(mem, "%s%s", settings.wxpay_base, target),
			.headers = headers,
			.body = body,
			.limit_ms = left,
		},
		a);
}

struct wechatpay_signed wechatpay_signed_answer(const struct http_answer *a)
{
	return (struct wechatpay_signed){
		.timestamp = http_header(a, "Wechatpay-Timestamp"),
		.nonce = http_header(a, "Wechatpay-Nonce"),
		.signature = http_header(a, "Wechatpay-Signature"),
		.serial = http_header(a, "Wechatpay-Serial"),
		.body = a->body,
	};
}

static bool is_proven(struct arena *mem, const struct http_answer *a, int64_t deadline)
{
	struct wechatpay_signed s = wechatpay_signed_answer(a);
	stamp now = stamp_now();
	const struct key *key = NULL;

	if (wechatpay_is_fresh(&s, now))
		key = wechatpay_key(mem, s.serial, now, deadline);
	if (key && wechatpay_verify(mem, key, &s))
		return true;
	log_warn("wechatpay", "an answer is not signed as it should be: serial %s%s",
		s.serial ? s.serial : "none", key ? "" : ", not known or not fresh");
	return false;
}

bool wechatpay_member_read(struct arena *mem, const cJSON *root, const char *name,
	const struct shape *shape, void *out)
{
	const cJSON *part = cJSON_GetObjectItemCaseSensitive(root, name);
	struct json_fault fault = {0};

	return !part || cJSON_IsNull(part) ||
	       json_read(mem, part, shape, JSON_LENIENT, out, &fault) == E_OK;
}

struct problem {
	const char *code, *message;
};
static const struct field problem_fields[] = {
	FIELD(struct problem, code, .min = 1, .max = 64),
	FIELD(struct problem, message, .optional = true),
};
static const struct shape problem_shape = SHAPE(struct problem, problem_fields);

static const char *problem_code(
	struct arena *mem, const char *target, const struct http_answer *a)
{
	struct problem p = {0};
	struct json_fault fault = {0};
	const char *id = http_header(a, "Request-ID");

	if (json_load(mem, (const char *)a->body.at, a->body.len, &problem_shape, JSON_LENIENT,
		    &p, &fault) != E_OK) /* perhaps without a body */
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

enum err wechatpay_judge(struct arena *mem, const char *target, const struct http_answer *a,
	const char **refusal)
{
	const char *code = problem_code(mem, target, a);

	if (a->status == 429)
		return E_BUSY;
	if ((a->status < 400 || a->status >= 500) && !is_final(code))
		return E_CHANNEL_UNKNOWN;
	*refusal = code;
	return E_CHANNEL_REFUSED;
}

/* E_BUSY: told to wait. */
static enum err try_once(struct arena *mem, void *exchange)
{
	struct wechatpay_exchange *x = exchange;
	const struct http_answer *a = &x->answer;
	enum err err =
		wechatpay_send(mem, x->method, x->target, x->body, x->deadline, &x->answer);

	if (err != E_OK)
		return channel_err(err);
	if (a->status >= 200 && a->status < 300)
		return is_proven(mem, a, x->deadline) ? E_OK : E_CHANNEL_UNKNOWN;
	err = wechatpay_judge(mem, x->target, a, &x->refusal);
	return err == E_BUSY && x->query_first ? E_CHANNEL_UNKNOWN : err;
}

enum err wechatpay_call(struct arena *mem, struct wechatpay_exchange *x)
{
	return channel_call(mem, &(struct channel_tries){.try_once = try_once,
					 .exchange = x,
					 .deadline = &x->deadline,
					 .once = x->query_first});
}
