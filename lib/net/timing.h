#ifndef NET_TIMING_H
#define NET_TIMING_H

#include <stdatomic.h>
#include <stdint.h>

/* How long things took, as a histogram of Prometheus: counted by all processes of a program at
 * once, without a lock (shared.h). */

typedef _Atomic int64_t shared_counter;

/* Upper bounds of the buckets, in microseconds; the last bucket has none. */
#define TIMING_BOUNDS                                                                    \
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, \
		5000000, 10000000
enum { TIMING_BUCKETS = 14 };
extern const int64_t timing_bound_us[TIMING_BUCKETS - 1];

struct timing {
	shared_counter bucket[TIMING_BUCKETS]; /* each for itself, not cumulated */
	shared_counter us;                     /* all of it together */
};

void timing_count(struct timing *, int64_t us);

/* As Prometheus wants them: how many took at most as long as each bound, and all. */
void timing_cumulate(const struct timing *, int64_t out[TIMING_BUCKETS]);

#endif
