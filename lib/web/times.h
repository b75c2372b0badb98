#ifndef WEB_TIMES_H
#define WEB_TIMES_H

#include "web/web.h"

/* How long each route takes, in the memory that the processes of the pool share. */

/* After shared_open(). */
void times_begin(const struct web *);

/* A request of this route was answered; NULL: there was none. */
void times_count(const struct route *, int64_t us);

#endif
