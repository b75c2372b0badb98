#ifndef GUARD_ADMIT_H
#define GUARD_ADMIT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/identity.h"
#include "net/redis.h"

/* Before a signed-in request meets the database: how often its account has asked
 * lately, and whether its session is known to have ended; one round trip to Redis.
 *
 * A limit is a number per minute (ZX_READS_PER_MINUTE, ZX_WRITES_PER_MINUTE, or the
 * route's own) under the rule of limit.h with a quarter of that number at once, ten
 * at least. Limits of accounts are apart from each other, and so are reads, writes
 * and each route with a number of its own.
 *
 * A session that a later login has ended is marked in Redis: the key ended:<session>
 * holds why. A mark is final; its absence says nothing, PostgreSQL decides. Without
 * Redis a worker counts for itself and PostgreSQL alone decides. */

/* E_OK; E_BUSY with retry_after_s; E_SESSION_REPLACED, E_SESSION_ENDED. The other
 * fields are for the headers RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers): `remaining` pass at once, after reset_s
 * all of the burst is there again. For struct web's .admit. */
enum err admit_take(const struct admit_params *, struct admit_answer *) CHECKED;

/* Mark a session that a later login has ended, for as long as an access token lives;
 * after that login's commit. It may fail. */
void admit_mark_replaced(struct arena *, int64_t session_id);

/* The script that Redis runs, for the bench: KEYS are the count's and the mark's, ARGV
 * the microseconds between two requests and how many pass at once. */
extern struct redis_script admit_script;

#endif
