#ifndef ACCOUNT_SWEEP_H
#define ACCOUNT_SWEEP_H

#include "db/db.h"

/* What nobody asks for any more goes, the oldest first and at most `limit` rows at
 * once. Any number of programs may do so at the same time. */

/* The stored answers to requests with an Idempotency-Key. For how long they are kept, 48
 * hours, stands in the SQL function answers_sweep, because the program's role may not have
 * it otherwise; the API's description promises this much. A repeat that comes later is a
 * new request. Answers to staff may tell of customers: whoever leaves (leave.h) is gone
 * from them by then, too. */
enum err answers_sweep(struct tx *, int limit, int64_t *deleted) CHECKED;

/* Sessions whose life is over, whether they were ended before or not: until then a
 * refresh token of theirs may still come and is told why (session_why(), and the end
 * by reuse), and no token lives longer. Some days more for clocks and questions. */
enum { SESSION_KEEP_DAYS = 7 };
enum err sessions_sweep(struct tx *, int limit, int64_t *deleted) CHECKED;

#endif
