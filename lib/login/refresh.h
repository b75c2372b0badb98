#ifndef LOGIN_REFRESH_H
#define LOGIN_REFRESH_H

#include "base/shape.h"
#include "codec/crypto.h"

/* The text of a refresh token (RFC 6749 §6); what it is good for is in grant.h.
 *	"zxr_" base64url(session id, generation: 8 bytes each, big-endian; MAC)
 * and the MAC an HMAC-SHA256 over both and the session's salt under the key of
 * ZX_REFRESH_KEY_FILE. So nothing that opens a session is stored anywhere, and
 * neither the database nor the key alone is enough to make one. */

enum { REFRESH_TEXT_MAX = 80 };

/* Reads the key; ends the program without one. */
void refresh_init(void);

/* What is kept of a User-Agent: that of WeChat names the network at its end, and an
 * answer is often lost because a phone moves from one to another. */
const char *agent_digest(struct arena *, const char *agent);

/* The token of a session's generation. */
const char *refresh_write(
	struct arena *, int64_t session_id, int64_t generation, const char *salt);

/* What a token says of itself; false if it has not the form of one. */
struct refresh_parts {
	int64_t session_id, generation; /* 1 … ID_MAX */
	unsigned char mac[SHA256_BYTES];
};
bool refresh_read(struct arena *, const char *token, struct refresh_parts *) CHECKED;
/* Have we made it? That shows only with the session's salt. */
bool refresh_genuine(const struct refresh_parts *, const char *salt) CHECKED;

#endif
