#ifndef GUARD_LIMIT_H
#define GUARD_LIMIT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* How often a caller may do something: the generic cell rate algorithm (GCRA,
 * ITU-T I.371). Over any stretch of time T at most burst + per_minute × T pass,
 * counted by Redis over all workers and by Redis's clock. Without Redis each
 * worker counts for itself by the same rule: looser by the number of workers,
 * never unlimited. */

/* E_OK, or E_BUSY with the seconds (1 or more) after which a try can pass;
 * retry_after_s may be NULL. `name` is the limit's, `caller` an address, an account,
 * a user name. per_minute and burst are 1 or more. */
enum err limit_take(const char *name, const char *caller, int per_minute, int burst,
	int64_t *retry_after_s) CHECKED;

/* The caller behind an address: of IPv6 the /64, which is the least that one subscriber
 * has; "-" for NULL. nginx does the same ($subscriber). */
const char *limit_place(struct arena *, const char *address);

/* The rule itself. `tat` (theoretical arrival time) is all that is remembered
 * of a caller, 0 at first; times in microseconds. False: wait for *wait_us. */
struct gcra {
	int64_t interval_us, burst;
};
bool gcra_take(struct gcra, int64_t now_us, int64_t *tat_us, int64_t *wait_us);

/* gcra_take() in Lua, the beginning of a script: KEYS[1] holds tat, ARGV[1] and ARGV[2]
 * are interval_us and burst. Then `wait` says what is to be waited, and `now`, `tat`,
 * `interval` and `room` may be used. Numbers are doubles there: exact up to 2^53 µs,
 * the year 2255. A tat that is further ahead than a full burst reaches comes from a
 * clock that was set back: it is forgotten, or it would lock people out. */
#define GCRA_IN_LUA                                                     \
	"local t = redis.call('TIME')\n"                                \
	"local now = t[1] * 1000000 + t[2]\n"                           \
	"local interval, room = tonumber(ARGV[1]), ARGV[1] * ARGV[2]\n" \
	"local tat = tonumber(redis.call('GET', KEYS[1]) or now)\n"     \
	"if tat < now or tat > now + room then tat = now end\n"         \
	"local wait = tat + interval - room - now\n"                    \
	"if wait <= 0 then\n"                                           \
	"  wait, tat = 0, tat + interval\n"                             \
	"  redis.call('SET', KEYS[1], string.format('%.0f', tat),"      \
	" 'PX', math.ceil((tat - now) / 1000))\n"                       \
	"end\n"

/* Rounded up: rather a hair too slow than one too many. */
struct gcra gcra_of(int64_t per_minute, int64_t burst);

/* What a caller with this `tat` has left: how many pass now, and when it will be all
 * of the burst again. */
struct gcra_left {
	int64_t count, reset_us;
};
struct gcra_left gcra_left(struct gcra, int64_t now_us, int64_t tat_us);

/* Without Redis: the worker's own count. The time to wait, 0 to go on. */
int64_t limit_take_here(const char *key, struct gcra, struct gcra_left *);

#endif
