#include "wechat/login.h"

#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "net/http.h"
#include "wechat/app.h"

#include <inttypes.h>
#include <time.h>

enum { TRIES = 3, PAUSE_MS = 200, ANSWER_MAX = 16384 };

struct session {
	int64_t errcode; /* absent when all is well */
	const char *errmsg, *openid, *unionid;
};
static const struct field session_fields[] = {
	FIELD(struct session, errcode, .optional = true),
	FIELD(struct session, errmsg, .optional = true),
	FIELD(struct session, openid, .optional = true, .max = 128),
	FIELD(struct session, unionid, .optional = true, .max = 128),
};
static const struct shape session_shape = SHAPE(struct session, session_fields);

/* developers.weixin.qq.com, api_code2session: the status is 200 throughout,
 * only errcode counts. */
static enum err meaning(const struct session *s)
{
	switch (s->errcode) {
	case 0:
		return s->openid && *s->openid ? E_OK : E_UPSTREAM;
	case WECHAT_CODE_INVALID:
	case WECHAT_CODE_USED:
		return E_LOGIN_REFUSED;
	case 40226:
		return E_LOGIN_BLOCKED;
	case WECHAT_BUSY:
	case WECHAT_TOO_OFTEN:
		return E_BUSY;
	default:
		/* 40013 appid, 40125 or 40001 secret: ours to mend, nobody can log in. */
		log_error("wechat_login", "errcode %" PRId64 ": %s", s->errcode,
			s->errmsg ? s->errmsg : "");
		return E_UPSTREAM;
	}
}

static enum err try_once(
	struct arena *mem, const char *url, int64_t limit_ms, struct session *s)
{
	struct json_fault fault = {0};
	struct http_call call = {.upstream = UPSTREAM_WECHAT_API,
		.method = "GET",
		.url = url,
		.max = ANSWER_MAX,
		.limit_ms = limit_ms};
	struct http_answer a;

	*s = (struct session){0};
	if (http_send(mem, &call, &a) != E_OK)
		return E_UPSTREAM;
	if (a.status != 200 || json_load(mem, (const char *)a.body.at, a.body.len,
				       &session_shape, JSON_LENIENT, s, &fault) != E_OK) {
		log_error("wechat_login", "HTTP %d, not an answer about a code", a.status);
		return E_UPSTREAM;
	}
	return meaning(s);
}

/* A code is good for one answer, so only a plain "later" is asked again. */
static enum err query(struct arena *mem, const char *url, struct session *s)
{
	int64_t deadline = http_deadline();
	struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	enum err err = try_once(mem, url, http_time_left(deadline), s);

	for (int i = 1; err == E_BUSY && i < TRIES && http_time_left(deadline) > PAUSE_MS;
		i++) {
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
		err = try_once(mem, url, http_time_left(deadline), s);
	}
	return err;
}

enum err wechat_openid(struct arena *mem, const char *url, struct wechat_identity *out)
{
	struct session s;

	*out = (struct wechat_identity){0};
	enum err err = query(mem, url, &s);
	if (err == E_BUSY) {
		log_warn("wechat_login", "WeChat stays busy");
		return E_UPSTREAM;
	}
	TRY(err);
	out->openid = s.openid;
	out->unionid = s.unionid && *s.unionid ? s.unionid : NULL;
	return E_OK;
}

enum err wechat_login(struct arena *mem, const char *code, struct wechat_identity *out)
{
	return wechat_openid(mem,
		arena_printf(mem,
			"%s/sns/jscode2session?appid=%s&secret=%s&js_code=%s"
			"&grant_type=authorization_code",
			settings.wx_api_base, url_escape(mem, settings.wx_appid),
			url_escape(mem, wechat_app_secret()), url_escape(mem, code)),
		out);
}
