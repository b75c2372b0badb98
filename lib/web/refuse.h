#ifndef WEB_REFUSE_H
#define WEB_REFUSE_H

#include "web/web.h"

/* Make the answer to a request that failed: the body, in our form or, for an OAUTH
 * route, in OAuth's (RFC 6749 §5.2), r->challenge for WWW-Authenticate, and how long to
 * wait where an outside party is not asked for a while. */
void refuse(struct req *, enum err);

#endif
