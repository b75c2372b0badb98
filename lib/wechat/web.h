#ifndef WECHAT_WEB_H
#define WECHAT_WEB_H

#include "base/settings.h"
#include "wechat/login.h"

#include <stdbool.h>

/* WeChat's login of websites (developers.weixin.qq.com, 网站应用微信登录): a page
 * of WeChat's shows a QR code, the person scans it and agrees, WeChat sends the
 * browser back with a code. The website app has an appid, a secret and openids of
 * its own. WeChat's tokens are not kept: all that is wanted is who it was. */

/* Ends the program if a part of the settings is missing; without an appid this
 * way in is off. */
void wechat_web_init(void);
static inline bool wechat_web_on(void)
{
	return *settings.wx_web_appid;
}

/* The page with the QR code; parameters in the order that the page documents. */
const char *wechat_web_page(struct arena *, const char *state);

/* Whose code it is: as wechat_login(). A code serves once, for ten minutes. */
enum err wechat_web_login(struct arena *, const char *code, struct wechat_identity *) CHECKED;

#endif
