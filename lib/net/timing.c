#include "net/timing.h"

const int64_t timing_bound_us[] = {TIMING_BOUNDS};
_Static_assert(sizeof(timing_bound_us) / sizeof(*timing_bound_us) == TIMING_BUCKETS - 1,
	"a bucket for each bound, and one more");

void timing_count(struct timing *t, int64_t us)
{
	int i = 0;

	while (i < TIMING_BUCKETS - 1 && us > timing_bound_us[i])
		i++;
	atomic_fetch_add_explicit(&t->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&t->us, us, memory_order_relaxed);
}

void timing_cumulate(const struct timing *t, int64_t out[TIMING_BUCKETS])
{
	int64_t sum = 0;

	for (int i = 0; i < TIMING_BUCKETS; i++) {
		sum += atomic_load_explicit(&t->bucket[i], memory_order_relaxed);
		out[i] = sum;
	}
}
