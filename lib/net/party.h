#ifndef NET_PARTY_H
#define NET_PARTY_H

#include "base/err.h"
#include "net/breaker.h"

/* The parties outside this program on whose answers it waits. One line is all that
 * is to be known of each: name (also in metrics), what is slow, which shares or how
 * many of how many calls in which time are too bad, for how long nothing is sent
 * then, how many probes have to go well, and what is done without it. */
/* clang-format off */
#define PARTY_TABLE(X) \
	/* id, name, slow ms, slow %, error %, errors, min calls, window ms, recovery ms, probes, fallback */ \
	X(WECHAT_API, "wechat_api", 3000, 80, 50, 0, 3, 8000, 5000, 1, \
		"log-in by WeChat and phone numbers: 503 at once; the shipping duty waits, no try is lost") \
	X(WECHAT_PAY, "wechat_pay", 4000, 80, 50, 0, 3, 8000, 5000, 1, \
		"paying: 503 at once, the order stays; settle waits and loses no try; reconcile comes again") \
	X(ALIPAY, "alipay", 4000, 80, 50, 0, 3, 8000, 5000, 1, \
		"paying: 503 at once, the order stays; settle waits and loses no try; reconcile comes again") \
	X(SMS, "sms", 3000, 80, 50, 0, 3, 8000, 5000, 1, \
		"a text is not sent, as if lost: who waits asks again; log-in by WeChat or password goes on") \
	X(REDIS, "redis", 100, 0, 0, 3, 3, 1000, 1000, 1, \
		"each worker counts limits for itself; PostgreSQL alone says whose session lives")
/* clang-format on */

enum party {
	PARTY_NONE,
#define X(id, ...) PARTY_##id,
	PARTY_TABLE(X)
#undef X
		PARTY_COUNT
};

struct party_info {
	const char *name;
	struct breaker_rule rule;
	const char *says;
};
extern const struct party_info party_info[PARTY_COUNT];

/* One call. Entered before anything is sent, left when it is over. */
struct visit {
	enum party party;
	uint64_t ticket; /* 0: not counted */
	int64_t began_ms;
};

/* False: don't call, its breaker is open or enough others are waiting; then
 * party_wait_s() tells when to come again. A call surely ends within limit_ms.
 *
 * In a pool of workers a party that stalls must not take all of them: a quarter, or
 * at least one, is kept out of each party's reach. Where no call under way is late
 * yet, a place is waited for, for a moment. */
bool party_enter(enum party, int64_t limit_ms, struct visit *) CHECKED;

/* How it ended: BREAKER_FAILED or BREAKER_VOID, and BREAKER_WELL. Whether it was slow
 * is found out here, unless it is one that may take long. */
void party_leave(const struct visit *, unsigned end, bool may_take_long);

/* Seconds, 1 or more, until the party that was entered last and refused may be asked
 * again. 0: it didn't refuse. Redis is left out: nobody has to come again for it. */
int64_t party_wait_s(void);

#endif
