#ifndef LOGIN_SCAN_H
#define LOGIN_SCAN_H

#include "db/db.h"
#include "wechat/web.h"

/* Logging in by scanning WeChat's QR code, for staff (RFC 6749 §10.12, RFC 9700
 * §2.1). What holds a scan and a browser together is the state: random, good once
 * and for SCAN_LIFE_S, and only together with the cookie of the browser that began.
 * Otherwise an attacker could send a member of staff a link with a code of the
 * attacker's own, and have the member work in, or bind, the wrong account. The
 * database stores digests of both. */

enum { SCAN_LIFE_S = 300, SCAN_STATE_MAX = 128 };

/* __Host-: from this very host, for all its paths; a sibling host can't plant one. */
#define SCAN_COOKIE "__Host-zx_scan"

struct scan {
	const char *url, *state; /* WeChat's page, and what comes back from it */
	const char *browser;     /* the cookie's value */
	int64_t expires_in;      /* seconds */
};
extern const struct shape scan_shape; /* without the cookie */

/* Queue a new scan. */
void scan_begin(struct tx *, struct scan *out);

/* Queue: the state is spent. E_LOGIN_REFUSED unless this browser began it, a short
 * while ago. Commit before the code is used. browser may be NULL. */
void scan_spend(struct tx *, const char *state, const char *browser);

/* The member of staff that this WeChat is bound to; if it is bound to nobody, the one
 * that another app's identity of the same person (unionid) is bound to.
 * E_LOGIN_REFUSED, the same for everybody else. */
enum err scan_account(struct tx *, const struct wechat_identity *, int64_t *account_id) CHECKED;

/* Bind the account to this WeChat, instead of the one before. E_WECHAT_TAKEN if it
 * is bound to another account, or joined to another member of staff. The same person
 * may be a customer under another account.
 * E_SESSION_ENDED: no member any more. */
enum err scan_bind(struct tx *, int64_t account_id, const struct wechat_identity *) CHECKED;

/* Queue: no WeChat opens this account's staff side any more. What it is to the
 * mini-program stays, but the unionid goes, which would join the two again. */
void scan_unbind(struct tx *, int64_t account_id);

struct binding {
	bool bound;
	stamp since;
};
extern const struct shape binding_shape;
enum err binding_load(struct tx *, int64_t account_id, struct binding *) CHECKED;

#endif
