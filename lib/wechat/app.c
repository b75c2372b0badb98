#include "wechat/app.h"

#include "base/bytes.h"
#include "base/settings.h"

static const char *secret;

void wechat_app_init(void)
{
	setting_want(*settings.wx_appid, "ZX_WX_APPID", "must be set");
	setting_want(text_begins(settings.wx_api_base, "https://"), "ZX_WX_API_BASE",
		"wants https://");
	secret = secret_read("ZX_WX_SECRET_FILE", settings.wx_secret_file, NULL);
}

const char *wechat_app_secret(void)
{
	return secret;
}
