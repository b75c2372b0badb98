#include "wechat/token.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "net/http.h"
#include "wechat/app.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 2048, ANSWER_MAX = 65536, BODY_MAX = 4096, SPARE_S = 300 };

static char token[TOKEN_MAX + 1]; /* "": none */
static int64_t token_until;       /* by clock_ms() */

/* The status is 200 throughout, only errcode counts. */
static enum err post(struct arena *mem, const char *url, const char *body,
	const struct shape *shape, void *out, const char **text)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct http_call call = {
		.upstream = UPSTREAM_WECHAT_API,
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = {(const unsigned char *)body, strlen(body)},
		.max = ANSWER_MAX,
	};
	struct json_fault fault = {0};
	struct http_answer a;

	TRY(http_send(mem, &call, &a));
	*text = (const char *)a.body.at;
	if (a.status == 200 && json_load(mem, (const char *)a.body.at, a.body.len, shape,
				       JSON_LENIENT, out, &fault) == E_OK)
		return E_OK;
	log_error("wechat_call", "HTTP %d, not an answer of api.weixin.qq.com", a.status);
	return E_UNKNOWN;
}

struct granted {
	int64_t errcode, expires_in;
	const char *errmsg, *access_token;
};
static const struct field granted_fields[] = {
	FIELD(struct granted, errcode, .optional = true),
	FIELD(struct granted, expires_in, .optional = true),
	FIELD(struct granted, errmsg, .optional = true),
	FIELD(struct granted, access_token, .optional = true, .max = TOKEN_MAX),
};
static const struct shape granted_shape = SHAPE(struct granted, granted_fields);

static const char *token_request(struct arena *mem)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "grant_type", "client_credential");
	json_text(&b, "appid", settings.wx_appid);
	json_text(&b, "secret", wechat_app_secret());
	json_bool(&b, "force_refresh", false);
	json_close(&b, '}');
	return buf_text(&b);
}

static enum err ensure_token(struct arena *mem)
{
	struct granted g = {0};
	const char *url, *text;

	if (*token && clock_ms() < token_until)
		return E_OK;
	token[0] = '\0';
	url = arena_printf(mem, "%s/cgi-bin/stable_token", settings.wx_api_base);
	if (post(mem, url, token_request(mem), &granted_shape, &g, &text) != E_OK)
		return E_UPSTREAM;
	if (g.errcode != 0 || !g.access_token || !*g.access_token) {
		log_error("wechat_token", "errcode %" PRId64 ": %s", g.errcode,
			g.errmsg ? g.errmsg : "");
		return E_UPSTREAM;
	}
	snprintf(token, sizeof(token), "%s", g.access_token);
	token_until = clock_ms() + (g.expires_in - SPARE_S) * 1000;
	return E_OK;
}

static const struct field said_fields[] = {
	FIELD(struct wechat_answer, errcode, .optional = true),
	FIELD(struct wechat_answer, errmsg, .optional = true),
	FIELD(struct wechat_answer, is_trade_managed, .optional = true),
};
static const struct shape said_shape = SHAPE(struct wechat_answer, said_fields);

static enum err post_once(
	struct arena *mem, const char *path, const char *body, struct wechat_answer *said)
{
	*said = (struct wechat_answer){0};
	TRY(ensure_token(mem));
	const char *url = arena_printf(mem, "%s%s?access_token=%s", settings.wx_api_base, path,
		url_escape(mem, token));
	const char *text = NULL;
	enum err err = post(mem, url, body, &said_shape, said, &text);
	said->text = text;
	return err;
}

static bool token_refused(int64_t errcode)
{
	return errcode == 40001 || errcode == 40014 || errcode == 42001;
}

enum err wechat_token_post(
	struct arena *mem, const char *path, const char *body, struct wechat_answer *said)
{
	TRY(post_once(mem, path, body, said));
	if (!token_refused(said->errcode))
		return E_OK;
	token[0] = '\0';
	TRY(post_once(mem, path, body, said));
	if (token_refused(said->errcode))
		token[0] = '\0';
	return E_OK;
}
