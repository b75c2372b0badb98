#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "oauth/oauth.h"

/* The pool that waits for others to say who somebody is: WeChat (wechat.c, scan.c) or
 * the phone (sms.c). */
extern const struct route token_routes[], wechat_routes[], scan_routes[], sms_routes[];

/* Grants of POST /oauth2/token (token.c). */
enum err by_wechat_code(struct req *, const struct token_in *) CHECKED;
enum err by_scan(struct req *, const struct token_in *) CHECKED;
enum err by_sms(struct req *, const struct token_in *) CHECKED;

#endif
