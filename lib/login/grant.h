#ifndef LOGIN_GRANT_H
#define LOGIN_GRANT_H

#include "login/session.h"

/* What a login gives: an access token (token.h), and a refresh token (refresh.h) that
 * is exchanged for the next two. Behind both stands one session (session.h).
 *
 * A refresh token is good for one exchange, and the family of them is the session. The
 * token of the generation before is taken for REFRESH_GRACE_S after the exchange, from
 * a client that calls itself the same: the answer was lost, and the client gets the same
 * successor again. Any older token was stolen, or was copied: that ends the session for
 * both (RFC 9700 §4.14). */

enum { REFRESH_GRACE_S = 10 };

struct login {
	int64_t account_id;
	enum client client;
	bool remember;     /* ZX_SESSION_LONG_S instead of ZX_SESSION_S */
	const char *agent; /* the User-Agent; NULL: none */
};
struct grant {
	const char *access_token, *scope, *refresh_token;
	const char *device; /* of a login by password (device.h), else NULL */
	int64_t expires_in, refresh_expires_in; /* seconds */
	int64_t account_id;                     /* for the log */
	bool remembered;
	struct list ended; /* of int64_t: sessions that this one ended, after the commit */
};

/* Queue the end of the account's other session of that kind and a new one, and
 * make tokens for it. E_LOGIN_REFUSED by the next sync if the account is disabled;
 * E_RETRY by the commit if two log in at once. */
enum err grant_open(struct tx *, const struct login *, struct grant *) CHECKED;

/* Exchange a refresh token. E_TOKEN_INVALID: not ours. E_SESSION_ENDED: over, or its
 * account is disabled; E_SESSION_REPLACED. `*reused`: E_OK, but there is no grant:
 * the session is ended, which the caller has to commit. */
enum err grant_refresh(struct tx *, const char *token, const char *agent, struct grant *,
	bool *reused) CHECKED;

/* Queue the end of the session whose refresh token this is, of any generation; E_OK
 * too if it is nobody's (RFC 7009 §2.2). */
enum err grant_revoke(struct tx *, const char *token) CHECKED;

/* After the commit: tell Redis of the sessions that this login ended. It may fail. */
void grant_mark_ended(struct arena *, const struct grant *);

#endif
