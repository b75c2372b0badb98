#include "test.h"

#include "base/settings.h"
#include "guard/admit.h"
#include "guard/limit.h"

#include <stdio.h>

/* One limit: a token every 10 s, three at once. Times in seconds. */
static const struct gcra three_then_one_in_ten = {.interval_us = 10000000, .burst = 3};
static const int64_t S = 1000000;

/* At which second a try comes, and how long it has to wait: 0, it passes. */
struct step {
	int64_t at_s, wait_s;
};
/* clang-format off */
static const struct {
	const char *says;
	struct step steps[9]; /* up to one at 0 */
} cases[] = {
	{ "a burst passes, the next waits one interval",
	  { { 100, 0 }, { 100, 0 }, { 100, 0 }, { 100, 10 } } },
	{ "a refused try costs nothing",
	  { { 100, 0 }, { 100, 0 }, { 100, 0 }, { 101, 9 }, { 105, 5 }, { 109, 1 },
	    { 110, 0 }, { 110, 10 } } },
	{ "tokens come back one by one",
	  { { 100, 0 }, { 100, 0 }, { 100, 0 }, { 110, 0 }, { 119, 1 }, { 120, 0 } } },
	{ "never more than the burst after a long pause",
	  { { 100, 0 }, { 9000, 0 }, { 9000, 0 }, { 9000, 0 }, { 9000, 10 } } },
	{ "a steady caller at the rate is never refused",
	  { { 100, 0 }, { 110, 0 }, { 120, 0 }, { 130, 0 }, { 140, 0 }, { 150, 0 } } },
	{ "a clock that was set back locks nobody out",
	  { { 9000, 0 }, { 9000, 0 }, { 9000, 0 }, { 100, 0 }, { 100, 0 }, { 100, 0 },
	    { 100, 10 } } },
};
/* clang-format on */

static void check(const char *says, const struct step *s)
{
	int64_t tat = 0, wait = -1;

	for (; s->at_s; s++) {
		bool passed = gcra_take(three_then_one_in_ten, s->at_s * S, &tat, &wait);
		if (passed != (s->wait_s == 0) || wait != s->wait_s * S)
			fail_msg("%s: at %d", says, (int)s->at_s);
	}
}

static void the_rule_by_its_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i].says, cases[i].steps);
}

/* Tries at pseudo-random instants; counts over every window of the history. */
static void no_window_lets_more_through_than_burst_and_rate(void **state)
{
	(void)state;
	enum { TRIES = 3000 };
	const struct gcra g = {.interval_us = 250000, .burst = 4};
	static int64_t passed[TRIES];
	size_t n = 0;
	int64_t tat = 0, now = 5, wait;
	uint32_t seed = 42;

	for (size_t i = 0; i < TRIES; i++) {
		seed = seed * 1664525 + 1013904223;
		if (seed >> 31)                      /* else a burst at the same instant */
			now += seed >> 12 & 0x7ffff; /* up to half a second */
		if (gcra_take(g, now, &tat, &wait))
			passed[n++] = now;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i; k < n; k++)
			assert_true((int64_t)(k - i + 1) <=
				    g.burst + (passed[k] - passed[i]) / g.interval_us);
	assert_true(n > 100);
}

static void without_redis_a_worker_counts_for_itself(void **state)
{
	(void)state;
	int64_t wait = 0;

	settings.redis = "";
	for (int i = 0; i < 5; i++)
		assert_int_equal(limit_take("login", "1.2.3.4", 10, 5, &wait), E_OK);
	assert_int_equal(limit_take("login", "1.2.3.4", 10, 5, &wait), E_BUSY);
	assert_int_equal(wait, 6);
	assert_int_equal(limit_take("login", "1.2.3.5", 10, 5, &wait), E_OK);
	assert_int_equal(limit_take("code", "1.2.3.4", 10, 5, NULL), E_OK);
}

static struct admit_params asks(int64_t account, const char *route, bool writes, int64_t quota)
{
	return (struct admit_params){account, 7, route, writes, quota};
}

static void what_is_left_is_told(void **state)
{
	struct gcra g = gcra_of(60, 10);
	int64_t tat = 0, wait;

	(void)state;
	for (int64_t i = 1; i <= 10; i++) {
		assert_true(gcra_take(g, 100 * S, &tat, &wait));
		assert_int_equal(gcra_left(g, 100 * S, tat).count, 10 - i);
		assert_int_equal(gcra_left(g, 100 * S, tat).reset_us, i * S);
	}
	assert_false(gcra_take(g, 100 * S, &tat, &wait));
	assert_int_equal(gcra_left(g, 103 * S, tat).count, 3);
	assert_int_equal(gcra_left(g, 200 * S, tat).count, 10);
	assert_int_equal(gcra_left(g, 200 * S, tat).reset_us, 0);
}

static void accounts_reads_writes_and_routes_have_limits_of_their_own(void **state)
{
	struct admit_params reads = asks(1, "/r", false, 0);
	struct admit_answer a;

	(void)state;
	settings.redis = "";
	settings.reads_per_minute = 120;
	settings.writes_per_minute = 8;
	for (int i = 29; i >= 0; i--) {
		assert_int_equal(admit_take(&reads, &a), E_OK);
		assert_in_range(a.remaining, i, i + 1);
	}
	assert_string_equal(a.policy, "reads");
	assert_int_equal(a.quota, 120);
	assert_int_equal(a.window_s, 60);
	assert_int_equal(a.retry_after_s, 0);
	assert_int_equal(a.reset_s, 15);
	int passed = 0;
	while (admit_take(&reads, &a) == E_OK)
		passed++;
	assert_in_range(passed, 0, 2);
	assert_int_equal(a.remaining, 0);
	assert_int_equal(a.retry_after_s, 1);

	struct admit_params others[] = {asks(2, "/r", false, 0), asks(1, "/r", true, 0),
		asks(1, "/r", false, 3), asks(1, "/s", false, 3)};
	static const char *const policies[] = {"reads", "writes", "route", "route"};
	static const int64_t bursts[] = {30, 8, 3, 3};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		assert_int_equal(admit_take(&others[i], &a), E_OK);
		assert_string_equal(a.policy, policies[i]);
		assert_int_equal(a.remaining, bursts[i] - 1);
	}
}

/* The table is full of others: the flood itself is still held back. */
static void a_flood_of_names_does_not_open_the_gate(void **state)
{
	(void)state;
	char who[32];
	int passed = 0;

	for (int i = 0; i < 20000; i++) {
		snprintf(who, sizeof(who), "user%d", i);
		assert_int_equal(limit_take("flood", who, 1, 1, NULL), E_OK);
	}
	for (int i = 0; i < 1000; i++)
		passed += limit_take("flood", "one", 1, 1, NULL) == E_OK;
	assert_int_equal(passed, 1);
}

static void of_ipv6_a_network_counts(void **state)
{
	static const char *const places[][2] = {
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2:ffff::1", "2001:db8:1:2::"},
		{"2001:db8:1:3:3:4:5:6", "2001:db8:1:3::"},
		{"2001:db8::9", "2001:db8::"},
		{"::ffff:192.0.2.7", "::ffff:192.0.2.7"},
		{"not an address", "not an address"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(places); i++)
		assert_string_equal(limit_place(mem, places[i][0]), places[i][1]);
	assert_string_equal(limit_place(mem, NULL), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_by_its_table),
		cmocka_unit_test(no_window_lets_more_through_than_burst_and_rate),
		cmocka_unit_test(without_redis_a_worker_counts_for_itself),
		cmocka_unit_test(what_is_left_is_told),
		cmocka_unit_test(accounts_reads_writes_and_routes_have_limits_of_their_own),
		cmocka_unit_test(of_ipv6_a_network_counts),
		cmocka_unit_test(a_flood_of_names_does_not_open_the_gate),
	};

	return RUN_TESTS(tests);
}
