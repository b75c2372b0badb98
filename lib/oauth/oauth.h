#ifndef OAUTH_OAUTH_H
#define OAUTH_OAUTH_H

#include "login/grant.h"
#include "oauth/grant_type.h"
#include "web/web.h"

/* What the pools share that answer POST /oauth2/token (RFC 6749 §3.2). The pool
 * `login` takes every request and never waits; a grant that waits for WeChat or
 * the SMS gateway, or that hashes a password, it hands over to the pool for that
 * (grant_type.h). */

/* The parameters of all grants. By RFC 6749 §3.2 unknown ones are ignored, empty ones
 * are absent, and no name may come twice. */
struct token_in {
	const char *grant_type, *code, *state, *username, *password, *phone, *refresh_token;
	const char *remember; /* "true": a login to be remembered */
	const char *deliver;  /* see wants_cookie() */
	const char *device;   /* of an earlier login by password (login/device.h) */
};
extern const struct shape token_in_shape;
/* The refresh token goes into a cookie, for pages of staff; else into the body. */
bool wants_cookie(const struct token_in *);

/* A try of a way in ("password", "scan", "sms" …): ZX_LOGIN_PER_MINUTE pass from one
 * address. E_BUSY, and the answer's Retry-After. */
enum err login_try_take(struct req *, const char *way) CHECKED;

/* The login that is asked for, for grant_open(). */
struct login login_of(
	const struct req *, const struct token_in *, enum client, int64_t account);

/* The answer of a successful grant (RFC 6749 §5.1), after the commit. */
enum err reply_grant(struct req *, const struct token_in *, const struct grant *) CHECKED;

/* Run `open` in a transaction of its own, again when two logins to one account have
 * met; then answer. `arg` is for `open`. */
typedef enum err open_fn(struct req *, struct tx *, const void *arg, struct grant *);
enum err login_and_reply(
	struct req *, const struct token_in *, open_fn *, const void *arg) CHECKED;

/* The cookie with the refresh token of a page of staff: HttpOnly, Secure,
 * SameSite=Strict, and __Host- so that no neighbour under the same domain can plant
 * one. No script can read it, and no other site can make the browser send it; the
 * page's own Origin is demanded as well, in case a browser does. NULL and *err:
 * E_BAD_FIELD if there is none, E_FORBIDDEN from another Origin. */
#define REFRESH_COOKIE "__Host-zx_refresh"
const char *refresh_cookie(const struct req *, enum err *);
/* Let the browser forget it. */
void refresh_cookie_clear(struct req *);

#endif
