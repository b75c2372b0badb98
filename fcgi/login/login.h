#ifndef LOGIN_POOL_H
#define LOGIN_POOL_H

#include "web/web.h"

/* The pool of the token endpoint (RFC 6749 §3.2, token.c) with revocation (RFC 7009,
 * revoke.c), metadata (RFC 8414) and keys (RFC 7517; both metadata.c). Nothing here
 * waits for anybody: a grant that waits is handed over to another pool, so that a
 * stalled WeChat or a storm of passwords can't keep those who are signed in from
 * refreshing. */
extern const struct route token_routes[], revoke_routes[], metadata_routes[];

#endif
