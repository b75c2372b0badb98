#ifndef LOGIN_REFRESH_H
#define LOGIN_REFRESH_H

#include "login/session.h"

/* Refresh tokens (RFC 6749 §6, RFC 9700 §4.14). Each is good for one exchange and
 * the family of them is the session. A token is
 *	"zxr_" base64url(session id, generation: 8 bytes each, big-endian; MAC)
 * and the MAC an HMAC-SHA256 over both and the session's salt under the key of
 * ZX_REFRESH_KEY_FILE. So nothing that opens a session is stored anywhere, and
 * neither the database nor the key alone is enough to make one.
 *
 * The token of the generation before is taken for REFRESH_GRACE_S after the
 * exchange, from a client that calls itself the same: its answer was lost, and it
 * gets the same successor again. Any older one was stolen, or was copied: that
 * ends the session for both. */

enum { REFRESH_GRACE_S = 10, REFRESH_TEXT_MAX = 80 };

/* Reads the key; ends the program without one. */
void refresh_init(void);

/* What is kept of a User-Agent: that of WeChat names the network at its end, and an
 * answer is often lost because a phone moves from one to another. */
const char *agent_digest(struct arena *, const char *agent);

/* The token of a session's generation. */
const char *refresh_write(
	struct arena *, int64_t session_id, int64_t generation, const char *salt);

/* What a token says of itself; false if it has not the form of one. Whether it
 * is ours shows only with the session's salt. */
struct refresh_parts {
	int64_t session_id, generation;
	unsigned char mac[32];
};
bool refresh_read(struct arena *, const char *token, struct refresh_parts *) CHECKED;

/* Exchange a token. E_TOKEN_INVALID: not ours. E_SESSION_ENDED: over, or its
 * account is disabled; E_SESSION_REPLACED. `*reused`: E_OK, but there is no grant:
 * the session is ended, which the caller has to commit. */
enum err session_refresh(struct tx *, const char *token, const char *agent, struct grant *,
	bool *reused) CHECKED;

/* Queue the end of the session whose token this is, of any generation; E_OK too if
 * it is nobody's (RFC 7009 §2.2). */
enum err refresh_revoke(struct tx *, const char *token) CHECKED;

#endif
