#ifndef WECHAT_LOGIN_H
#define WECHAT_LOGIN_H

#include "base/arena.h"
#include "base/err.h"

/* code2Session of the mini-program: who stands behind a code of wx.login(). */

enum { WECHAT_CODE_MAX = 512 }; /* of any code of WeChat's: it documents no length */

struct wechat_identity {
	const char *openid;
	const char *unionid; /* NULL where the app has no open platform account */
};

/* E_LOGIN_REFUSED: the code is wrong, old or used, the page must call wx.login
 * again. E_LOGIN_BLOCKED: WeChat holds the user for risky. E_UPSTREAM: WeChat
 * is busy or away, or refuses us (that one is logged as an error). The
 * session key in the answer is not looked at and goes with the arena. */
enum err wechat_login(struct arena *, const char *code, struct wechat_identity *) CHECKED;

/* The same for any address of api.weixin.qq.com that takes a code and answers with
 * an openid, for web.c. */
enum err wechat_openid(struct arena *, const char *url, struct wechat_identity *) CHECKED;

#endif
