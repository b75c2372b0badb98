#ifndef NET_UPSTREAM_H
#define NET_UPSTREAM_H

#include "base/err.h"
#include "net/breaker.h"

/* Upstreams: the servers on whose answers this program waits, but for PostgreSQL. One
 * line says all of each: its name (in metrics, too); when a call is slow; which share
 * of slow or failed calls, or how many failed ones, within which window, or how many failed
 * ones in a row at any pace open its circuit breaker; how long nothing is sent then; how many probes have to succeed
 * before it closes; and what happens without it. */
/* clang-format off */
#define UPSTREAM_TABLE(X) \
	/* id, name, slow ms, slow %, error %, errors, min calls, in a row, window ms, recovery ms, probes, fallback */ \
	X(WECHAT_API, "wechat_api", 3000, 80, 50, 0, 3, 3, 8000, 5000, 1, \
		"log-in by WeChat and phone numbers: 503 at once; the shipping duty waits, no try is lost") \
	X(WECHAT_PAY, "wechat_pay", 4000, 80, 50, 0, 3, 3, 8000, 5000, 1, \
		"paying: 503 at once, the order stays; settle waits and loses no try; reconcile comes again") \
	X(ALIPAY, "alipay", 4000, 80, 50, 0, 3, 3, 8000, 5000, 1, \
		"paying: 503 at once, the order stays; settle waits and loses no try; reconcile comes again") \
	X(SMS, "sms", 3000, 80, 50, 0, 3, 3, 8000, 5000, 1, \
		"a text is not sent, as if lost: who waits asks again; log-in by WeChat or password goes on") \
	X(REDIS, "redis", 100, 0, 0, 3, 3, 0, 1000, 1000, 1, \
		"each worker counts limits for itself; PostgreSQL alone says whose session lives")
/* clang-format on */

enum upstream {
	UPSTREAM_NONE,
#define X(id, ...) UPSTREAM_##id,
	UPSTREAM_TABLE(X)
#undef X
		UPSTREAM_COUNT
};

struct upstream_info {
	const char *name;
	struct breaker_rule rule;
	const char *says;
};
extern const struct upstream_info upstream_info[UPSTREAM_COUNT];

/* One call: upstream_enter() before anything is sent, upstream_leave() when it is over. */
struct upstream_call {
	enum upstream upstream;
	uint64_t ticket; /* 0: not counted */
	int64_t began_ms, began_us;
};

/* False: don't call, because the breaker is open or enough processes are waiting for
 * this upstream already; upstream_wait_s() tells when to try again. The caller promises
 * that the call ends within limit_ms.
 *
 * An upstream that stalls must not occupy a whole pool of workers: each may have three
 * quarters of them (all but one in a small pool). When these are taken, but none of
 * their calls is late yet, this waits 0.3 s for one to end. */
bool upstream_enter(enum upstream, int64_t limit_ms, struct upstream_call *) CHECKED;
/* The same for a call about one thing, by its name: failures of one thing are one failure
 * (breaker.h). NULL: about nothing by itself. */
bool upstream_enter_for(
	enum upstream, const char *thing, int64_t limit_ms, struct upstream_call *) CHECKED;

/* `end` is BREAKER_WELL, BREAKER_FAILED or BREAKER_VOID. Whether the call was slow is
 * measured here, unless it may take long (a download). */
void upstream_leave(const struct upstream_call *, unsigned end, bool may_take_long);

/* Seconds, at least 1, until the upstream whose upstream_enter() came last may be called
 * again; 0 if it wasn't refused. Redis doesn't count: no caller has to wait for it. */
int64_t upstream_wait_s(void);

#endif
