#ifndef LOGIN_TOKEN_H
#define LOGIN_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/shape.h"

/* Access tokens: JWT (RFC 7519) signed with ES256 under a key id. This is the
 * only place that knows how they look.
 *
 * Keys are files of the folder ZX_TOKEN_KEYS: <kid>.pem signs and verifies,
 * <kid>.pub.pem only verifies, and `current` holds the kid that signs. To
 * rotate, add the new key, let every worker see it for a minute (the folder is
 * looked at again that often), then replace `current` by renaming a new file
 * over it; remove the old key when its last token has expired. */

enum { TOKEN_MAX = 8192, TOKEN_SCOPE_MAX = 64 };

struct claims {
	int64_t account_id, session_id;
	stamp issued, expires;       /* whole seconds */
	char scope[TOKEN_SCOPE_MAX]; /* "" is none */
};

/* Ends the program with EXIT_CONFIG if the folder has no usable key. A folder
 * without `current` must hold public keys only: such a worker can't sign. */
void tokens_init(void);
/* Whether the keys have changed; for idle processes, others do so with each token. */
void tokens_look(void);

/* Signed with the current key. E_INTERNAL if this process can't sign. */
enum err token_make(struct arena *, const struct claims *, const char **out) CHECKED;

/* E_OK, E_TOKEN_EXPIRED (ours, but over), else E_TOKEN_INVALID. A token that
 * was good once is remembered, so the second look costs a hash. Whether the
 * session still stands is not asked here. Calls json_use() with memory of its own:
 * no JSON may be parsed before and read after it. */
enum err token_check(const char *token, size_t len, struct claims *) CHECKED;

/* The public keys as a JWK set (RFC 7517, RFC 7518 §6.2.1). */
void jwks_write(struct buf *);

#endif
