#ifndef WECHAT_PHONE_H
#define WECHAT_PHONE_H

#include "base/arena.h"
#include "base/err.h"

/* The number behind a code of the mini-program's button getPhoneNumber
 * (developers.weixin.qq.com, getPhoneNumber): not the code of wx.login, good once
 * and for five minutes. WeChat asks money for each answer. */

/* Eleven digits in the arena. E_PHONE_CODE: the code is wrong, old or used, was
 * made for another app, or the phone isn't one of mainland China. E_UPSTREAM:
 * WeChat is busy or away, or refuses us (logged as an error); a code whose answer
 * was lost may be used up. */
enum err wechat_phone(struct arena *, const char *code, const char **phone) CHECKED;

#endif
