#include "alipay/call.h"

#include "alipay/notify.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/call.h"
#include "codec/recode.h"
#include "net/http.h"

#include <strings.h>

struct alipay_merchant alipay_merchant;

/* All parameters but biz_content travel in the query: in the body the gateway may
 * take their charset for GBK. */
const char *alipay_url(struct arena *mem, const struct alipay_exchange *x, stamp now)
{
	struct alipay_params p = {.at =
					  {
						  {"app_id", alipay_merchant.appid},
						  {"charset", "utf-8"},
						  {"format", "JSON"},
						  {"method", x->method},
						  {"sign_type", "RSA2"},
						  {"timestamp", alipay_time(mem, now)},
						  {"version", "1.0"},
					  },
		.count = 7};
	struct buf b = buf_in(mem, 1 << 14);

	if (x->notify)
		p.at[p.count++] = (struct alipay_param){"notify_url",
			arena_printf(mem, "%s" ALIPAY_NOTIFY_PATH, settings.issuer)};
	p.at[p.count] = (struct alipay_param){"biz_content", x->biz};
	p.count++;
	const char *sign = alipay_sign(
		mem, alipay_merchant.key, alipay_signed_text(mem, &p, ALIPAY_REQUEST));
	if (!sign)
		return NULL;
	p.at[p.count - 1] = (struct alipay_param){"sign", sign};
	buf_puts(&b, settings.alipay_gateway);
	for (size_t i = 0; i < p.count; i++)
		buf_printf(&b, "%c%s=%s", i ? '&' : '?', p.at[i].name,
			url_escape(mem, p.at[i].value));
	return buf_text(&b);
}

static enum err send(struct arena *mem, const struct alipay_exchange *x, struct http_answer *a)
{
	static const char *const headers[] = {"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded;charset=utf-8", NULL};
	const char *url = alipay_url(mem, x, stamp_now());
	int64_t left = http_time_left(x->deadline);

	if (!url)
		return E_INTERNAL;
	if (left <= 0)
		return E_UPSTREAM;
	return http_send(mem,
		&(struct http_call){
			.upstream = UPSTREAM_ALIPAY,
			.about = channel_trade_of(mem, bytes_of(x->biz)),
			.method = "POST",
			.url = url,
			.headers = headers,
			.body = bytes_of(
				arena_printf(mem, "biz_content=%s", url_escape(mem, x->biz))),
			.limit_ms = left,
		},
		a);
}

struct status {
	const char *code, *msg, *sub_code, *sub_msg;
};
static const struct field status_fields[] = {
	FIELD(struct status, code, .min = 1, .max = 16),
	FIELD(struct status, msg, .optional = true),
	FIELD(struct status, sub_code, .optional = true, .max = 128),
	FIELD(struct status, sub_msg, .optional = true),
};
static const struct shape status_shape = SHAPE(struct status, status_fields);

struct answer {
	struct bytes part; /* byte for byte as it came */
	bool signed_well;
	struct status status;
};

struct envelope {
	const char *sign;
};
static const struct field envelope_fields[] = {
	FIELD(struct envelope, sign, .optional = true),
};
static const struct shape envelope_shape = SHAPE(struct envelope, envelope_fields);

/* False if it is no answer of the gateway at all. */
static bool open_answer(
	struct arena *mem, const char *method, struct bytes body, struct answer *a)
{
	char *name = arena_printf(mem, "%s_response", method);
	struct json_fault fault = {0};
	struct envelope e;

	for (char *c = name; *c; c++)
		*c = (char)(*c == '.' ? '_' : *c);
	*a = (struct answer){0};
	if (json_load(mem, (const char *)body.at, body.len, &envelope_shape, JSON_LENIENT, &e,
		    &fault) != E_OK ||
		(!alipay_answer_part(body, name, &a->part) &&
			!alipay_answer_part(body, "error_response", &a->part)))
		return false;
	a->signed_well =
		e.sign && alipay_verify_answer(mem, alipay_merchant.alipay, a->part, e.sign);
	return json_load(mem, (const char *)a->part.at, a->part.len, &status_shape,
		       JSON_LENIENT, &a->status, &fault) == E_OK;
}

/* Codes of "business failed" that leave open what happened. That there is no bill is
 * not one of them. */
static bool is_vague(const char *sub_code)
{
	return strstr(sub_code, "SYSTEM_ERROR") || text_begins(sub_code, "aop.") ||
	       (text_begins(sub_code, "isp.") && strcmp(sub_code, ALIPAY_NO_BILL) != 0);
}

/* The gateway's codes (opendocs.alipay.com/common/02km9f). What it refuses by itself
 * may be unsigned, so it proves nothing, but then nothing was done either. E_BUSY:
 * too often. */
static enum err judge(struct alipay_exchange *x, const struct answer *a)
{
	const char *code = a->status.code, *sub = a->status.sub_code;
	bool business = strcmp(code, "40004") == 0;

	if (strcmp(code, "10000") == 0 && a->signed_well)
		return E_OK;
	sub = sub ? sub : code;
	bool told = business ? a->signed_well && !is_vague(sub)
			     : *code == '4' || strcmp(code, "20001") == 0;
	log_write(!told      ? LOG_WARN
		  : business ? LOG_INFO
			     : LOG_ERROR,
		"alipay", "%s: %s %s: %s%s", x->method, code, sub,
		a->status.sub_msg ? a->status.sub_msg : "",
		a->signed_well ? "" : ", signature doesn't fit");
	if (strcmp(code, "40005") == 0)
		return E_BUSY;
	if (!told)
		return E_CHANNEL_UNKNOWN;
	x->refusal = sub;
	x->by_gateway = !business;
	return E_CHANNEL_REFUSED;
}

/* What the gateway refuses before it has read our charset, it may say in its own, GBK. Its
 * signature would be over those bytes; nothing but a refusal comes like this. False: it is
 * UTF-8, as we ask for. */
static bool in_other_charset(struct arena *mem, const struct http_answer *a, const char **utf8)
{
	const char *type = http_header(a, "Content-Type");
	const char *said = type ? strcasestr(type, "charset=") : NULL;

	if (!said ||
		(strncasecmp(said + 8, "gb", 2) != 0 && strncasecmp(said + 8, "\"gb", 3) != 0))
		return false;
	*utf8 = recode_text(mem, "GB18030", (const char *)a->body.at);
	return *utf8 != NULL;
}

static enum err try_once(struct arena *mem, void *exchange)
{
	struct alipay_exchange *x = exchange;
	struct http_answer http;
	struct answer answer;
	const char *utf8;
	enum err err = send(mem, x, &http);

	if (err != E_OK)
		return channel_err(err);
	if (in_other_charset(mem, &http, &utf8))
		http.body = bytes_of(utf8);
	if (http.status != 200 || !open_answer(mem, x->method, http.body, &answer)) {
		log_warn("alipay", "%s: HTTP %d, no answer of the gateway", x->method,
			http.status);
		return E_CHANNEL_UNKNOWN;
	}
	x->plain =
		arena_printf(mem, "%.*s", (int)answer.part.len, (const char *)answer.part.at);
	return judge(x, &answer);
}

enum err alipay_call(struct arena *mem, struct alipay_exchange *x)
{
	return channel_call(mem, &(struct channel_tries){.try_once = try_once,
					 .exchange = x,
					 .deadline = &x->deadline,
					 .once = x->once});
}
