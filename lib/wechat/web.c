#include "wechat/web.h"

#include "base/bytes.h"
#include "base/settings.h"
#include "net/http.h"

static const char *secret;

void wechat_web_init(void)
{
	if (!wechat_web_on())
		return;
	setting_want(text_begins(settings.wx_web_base, "https://"), "ZX_WX_WEB_BASE",
		"wants https://");
	setting_want(
		!*settings.wx_web_redirect || text_begins(settings.wx_web_redirect, "https://"),
		"ZX_WX_WEB_REDIRECT", "wants https://");
	secret = secret_read("ZX_WX_WEB_SECRET_FILE", settings.wx_web_secret_file, NULL);
}

static const char *redirect(struct arena *mem)
{
	return *settings.wx_web_redirect ? settings.wx_web_redirect
					 : arena_printf(mem, "%s/play/", settings.issuer);
}

const char *wechat_web_page(struct arena *mem, const char *state)
{
	return arena_printf(mem,
		"%s/connect/qrconnect?appid=%s&redirect_uri=%s&response_type=code"
		"&scope=snsapi_login&state=%s#wechat_redirect",
		settings.wx_web_base, url_escape(mem, settings.wx_web_appid),
		url_escape(mem, redirect(mem)), url_escape(mem, state));
}

enum err wechat_web_login(struct arena *mem, const char *code, struct wechat_identity *out)
{
	return wechat_openid(mem,
		arena_printf(mem,
			"%s/sns/oauth2/access_token?appid=%s&secret=%s&code=%s"
			"&grant_type=authorization_code",
			settings.wx_api_base, url_escape(mem, settings.wx_web_appid),
			url_escape(mem, secret), url_escape(mem, code)),
		out);
}
