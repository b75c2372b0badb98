#ifndef WECHAT_APP_H
#define WECHAT_APP_H

/* Who we are to api.weixin.qq.com: the mini-program. */

/* Checks appid and address, reads the secret's file; ends the program if something is
 * missing. To be called before anything of login.h, token.h or phone.h. */
void wechat_app_init(void);

/* Never to be logged. */
const char *wechat_app_secret(void);

/* Error codes that several of its calls answer with. */
enum {
	WECHAT_BUSY = -1,
	WECHAT_TOO_OFTEN = 45011,
	WECHAT_CODE_INVALID = 40029, /* or older than five minutes */
	WECHAT_CODE_USED = 40163,
};

#endif
