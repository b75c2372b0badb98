/* What is given back of a price: the tiers of a venue's rule. */
#include "test.h"

#include "base/time.h"
#include "order/rule.h"

#include <stdlib.h>
#include <string.h>

static const stamp START = {1795388400LL * SECOND};

static struct list tiers_of(const char *json)
{
	struct list tiers;

	assert_int_equal(refund_tiers_read(mem, (raw_json){json}, &tiers), E_OK);
	return tiers;
}

static struct refund_share share(const char *json, int64_t price, int64_t before_us)
{
	struct list tiers = tiers_of(json);

	return refund_rule(&tiers, (money){price}, START, (stamp){START.us - before_us});
}

#define TIER(h, p, f) "{\"hours\":" #h ",\"percent\":" #p ",\"fee_fen\":" #f "}"
#define THREE "[" TIER(48, 100, 0) "," TIER(12, 80, 200) "," TIER(0, 10, 0) "]"

/* clang-format off */
static const struct {
	const char *says, *tiers;
	int64_t price, before_us, refund;
} cases[] = {
	{ "exactly at the hour is in time", THREE, 8000, 48 * HOUR, 8000 },
	{ "a microsecond later is the next tier", THREE, 8000, 48 * HOUR - 1, 6200 },
	{ "the next tier, exactly", THREE, 8000, 12 * HOUR, 6200 },
	{ "the last one, a microsecond later", THREE, 8000, 12 * HOUR - 1, 800 },
	{ "nought hours hold until it begins", THREE, 8000, 1, 800 },
	{ "what begins now has begun", THREE, 8000, 0, 0 },
	{ "what has begun", THREE, 8000, -HOUR, 0 },
	{ "long before", THREE, 8000, 8760 * HOUR, 8000 },
	{ "no tier at all gives nothing", "[]", 8000, 8760 * HOUR, 0 },
	{ "too late for the only tier", "[" TIER(24, 100, 0) "]", 8000, 24 * HOUR - 1, 0 },
	{ "nought percent", "[" TIER(0, 0, 0) "]", 8000, HOUR, 0 },
	{ "nought percent and a fee", "[" TIER(0, 0, 300) "]", 8000, HOUR, 0 },
	{ "all of it but a fee", "[" TIER(0, 100, 300) "]", 8000, HOUR, 7700 },
	{ "a fee that is all there is", "[" TIER(0, 50, 4000) "]", 8000, HOUR, 0 },
	{ "a fee above what would come back", "[" TIER(0, 50, 4001) "]", 8000, HOUR, 0 },
	{ "half a fen is rounded down", "[" TIER(0, 50, 0) "]", 3, HOUR, 1 },
	{ "99 of a hundredth as well", "[" TIER(0, 99, 0) "]", 1, HOUR, 0 },
	{ "and before the fee is taken", "[" TIER(0, 33, 1) "]", 101, HOUR, 32 },
	{ "nothing of nothing", THREE, 0, 48 * HOUR, 0 },
	{ "the largest price there can be", "[" TIER(0, 99, 0) "]", INT64_MAX, HOUR,
	  INT64_MAX / 100 * 99 + INT64_MAX % 100 * 99 / 100 },
	{ "white space, as PostgreSQL writes it",
	  "[{\"hours\": 2, \"fee_fen\": 1, \"percent\": 50}]", 100, 2 * HOUR, 49 },
};

static const struct { const char *says, *tiers; } refused[] = {
	{ "no list", "{}" },
	{ "a word", "[" TIER(0, "x", 0) "]" },
	{ "more than all", "[" TIER(0, 101, 0) "]" },
	{ "less than nothing", "[" TIER(0, 1, -1) "]" },
	{ "a fraction", "[" TIER(0.5, 1, 0) "]" },
	{ "a member too few", "[{\"hours\":0,\"percent\":1}]" },
	{ "a member too many", "[{\"hours\":0,\"percent\":1,\"fee_fen\":0,\"x\":0}]" },
	{ "what would close the list", "[]}" },
};
/* clang-format on */

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct refund_share got =
			share(cases[i].tiers, cases[i].price, cases[i].before_us);

		if (got.refund.fen != cases[i].refund)
			fail_msg("%s: %lld", cases[i].says, (long long)got.refund.fen);
		if (got.fee.fen != cases[i].price - cases[i].refund)
			fail_msg("%s: fee %lld", cases[i].says, (long long)got.fee.fen);
	}
}

static void a_rule_of_another_form_is_not_guessed_at(void **state)
{
	struct list tiers;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (refund_tiers_read(mem, (raw_json){refused[i].tiers}, &tiers) != E_INTERNAL)
			fail_msg("%s", refused[i].says);
}

/* The same said plainly, in a type that has room enough. */
static int64_t model(const struct refund_tier *t, size_t n, int64_t price, int64_t before_us)
{
	if (before_us <= 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if ((__int128)before_us >= (__int128)t[i].hours * (__int128)HOUR) {
			__int128 left = (__int128)price * t[i].percent / 100 - t[i].fee_fen.fen;
			return left > 0 ? (int64_t)left : 0;
		}
	return 0;
}

static int64_t draw(int64_t below)
{
	return (((int64_t)random() << 31) + random()) % below;
}

static size_t draw_tiers(struct refund_tier *t)
{
	size_t n = (size_t)draw(6);

	for (size_t i = 0; i < n; i++)
		t[i] = (struct refund_tier){.hours = (int64_t)(n - i - 1) * 24 + draw(24),
			.percent = draw(101),
			.fee_fen = {draw(2) * draw(5000)}};
	return n;
}

static void it_does_as_the_plain_model_does(void **state)
{
	struct refund_tier t[6];
	int given = 0;

	(void)state;
	srandom(7);
	for (int i = 0; i < 200000; i++) {
		size_t n = draw_tiers(t);
		struct list tiers = {t, n};
		int64_t price = draw(4) ? draw(20000) : draw(INT64_MAX);
		int64_t before = n && draw(2) ? t[draw((int64_t)n)].hours * HOUR + draw(3) - 1
					      : draw(150 * HOUR) - 2 * HOUR;
		struct refund_share got =
			refund_rule(&tiers, (money){price}, START, (stamp){START.us - before});

		assert_int_equal(got.refund.fen, model(t, n, price, before));
		assert_int_equal(got.refund.fen + got.fee.fen, price);
		assert_in_range(got.refund.fen, 0, price);
		given += got.refund.fen > 0;
	}
	assert_true(given > 50000 && given < 150000);
}

static void later_is_never_better_where_tiers_fall(void **state)
{
	struct list tiers = tiers_of(THREE);
	int64_t last = INT64_MAX;

	(void)state;
	for (int64_t before = 50 * HOUR; before > -HOUR; before -= 7 * MINUTE) {
		struct refund_share got =
			refund_rule(&tiers, (money){8000}, START, (stamp){START.us - before});

		assert_true(got.refund.fen <= last);
		last = got.refund.fen;
	}
	assert_int_equal(last, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(a_rule_of_another_form_is_not_guessed_at),
		cmocka_unit_test(it_does_as_the_plain_model_does),
		cmocka_unit_test(later_is_never_better_where_tiers_fall),
	};

	return RUN_TESTS(tests);
}
