#ifndef WECHAT_TOKEN_H
#define WECHAT_TOKEN_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Calls to api.weixin.qq.com that want an access_token, which is WeChat's stable
 * one (developers.weixin.qq.com, getStableAccessToken): every process that asks
 * gets the same until the last five minutes of its life, so each keeps its own
 * copy. One that is refused is forgotten, and the call made once more with a new
 * one. Neither the token nor the secret is ever logged. */

struct wechat_answer {
	int64_t errcode; /* 0: well */
	const char *errmsg;
	bool is_trade_managed; /* in the answer of that name */
	const char *text;      /* the whole answer, a JSON object in the arena */
};

/* POST a JSON body. E_OK: WeChat has answered, see errcode; an errcode that tells
 * of a wrong token is only seen if the second token was refused too. E_UPSTREAM:
 * nothing was done (no token either). E_UNKNOWN: it may have been. At most four
 * calls, each with the limit of outbound calls. */
enum err wechat_token_post(
	struct arena *, const char *path, const char *body, struct wechat_answer *) CHECKED;

#endif
