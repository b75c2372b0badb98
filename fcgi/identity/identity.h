#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "oauth/oauth.h"

/* The pool that waits for others to say who somebody is. */

/* Grants of POST /oauth2/token. */
enum err by_wechat_code(struct req *, const struct token_in *) CHECKED;
enum err by_scan(struct req *, const struct token_in *) CHECKED;
enum err by_sms(struct req *, const struct token_in *) CHECKED;

extern const struct route wechat_routes[], scan_routes[], sms_routes[];

/* So many tries of this way in from one address pass, and no more. */
enum err entry_take(struct req *, const char *way) CHECKED;

#endif
