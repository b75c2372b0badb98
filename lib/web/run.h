#ifndef WEB_RUN_H
#define WEB_RUN_H

#include "web/web.h"

/* From the request as it was read to its answer: the route is found, the request
 * checked (request.h), the handler run in its transaction under the caller's rights
 * (enter.h), again after a lost race; a repeat is answered from what was stored
 * (replay.h), an error is turned into an answer (refuse.h), and all of it is logged.
 *
 * `body` says how reading the body went. Afterwards r->status and r->out are the answer. */
void request_serve(struct req *, enum err body);

#endif
