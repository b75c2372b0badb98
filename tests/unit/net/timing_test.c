/* Histograms of durations. */
#include "test.h"

#include "net/timing.h"

static void each_duration_is_in_the_first_bucket_that_holds_it(void **state)
{
	static const struct {
		int64_t us;
		int bucket;
	} cases[] = {
		{0, 0},
		{1000, 0},
		{1001, 1},
		{2500, 1},
		{2501, 2},
		{999999, 9},
		{1000000, 9},
		{1000001, 10},
		{10000000, 12},
		{10000001, 13},
		{INT64_MAX / 2, 13},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct timing t = {0};
		int64_t n[TIMING_BUCKETS];

		timing_count(&t, cases[i].us);
		timing_cumulate(&t, n);
		for (int k = 0; k < TIMING_BUCKETS; k++)
			assert_int_equal(n[k], k >= cases[i].bucket);
		assert_int_equal(t.us, cases[i].us);
	}
}

static void buckets_are_cumulated_and_sums_added(void **state)
{
	struct timing t = {0};
	int64_t n[TIMING_BUCKETS];

	(void)state;
	timing_count(&t, 500);
	timing_count(&t, 3000);
	timing_count(&t, 20000000);
	timing_cumulate(&t, n);
	assert_int_equal(n[0], 1);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 2);
	assert_int_equal(n[TIMING_BUCKETS - 2], 2);
	assert_int_equal(n[TIMING_BUCKETS - 1], 3);
	assert_int_equal(t.us, 20003500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_duration_is_in_the_first_bucket_that_holds_it),
		cmocka_unit_test(buckets_are_cumulated_and_sums_added),
	};

	return RUN_TESTS(tests);
}
