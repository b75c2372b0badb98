#ifndef WEB_ENTER_H
#define WEB_ENTER_H

#include "web/web.h"

/* Rights at the start of a transaction. enter.c is the only place that calls the
 * pool's guard; handlers reach it by own_begin() in web.h. */

/* Queue the guard on a transaction that has begun: it fails unless the caller's
 * session lives and has the route's permission. Without a session nothing is queued. */
void enter(struct req *, struct tx *);

/* Rights of staff are decided in a round trip before the handler does or tells
 * anything. A customer's route touches only what is the customer's own, so its guard
 * travels with the handler's first statements. */
bool enter_first(const struct route *);

/* Begin a transaction for what the runner itself looks up or keeps: answers under
 * their keys, refusals. The pool of staff sees nothing without rights, so it enters;
 * for others the session doesn't matter, it may have ended by this very request. */
void runner_begin(struct req *, struct tx *, enum tx_mode);

#endif
