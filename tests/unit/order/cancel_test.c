/* What giving up items of an order brings, and which of them may be given up. */
#include "test.h"

#include "base/time.h"
#include "order/cancel.h"

#include <string.h>

static const stamp NOW = {1795388400LL * SECOND};

enum { FAR = 30, NEAR = 3, BEGUN = 0 }; /* hours before the start */

/* An item of 1000 fen. */
static struct item item(int64_t id, const char *state, int64_t hours)
{
	return (struct item){.id = id,
		.state = state,
		.start = {NOW.us + hours * HOUR},
		.price_fen = {1000}};
}

/* Half back within a day, with nothing given back yet. */
static struct cancellable order(const char *state, struct item *items, size_t n)
{
	bool paid = strcmp(state, "paid") == 0;

	return (struct cancellable){
		.id = 7,
		.state = state,
		.paid_fen = {paid ? (int64_t)n * 1000 : 0},
		.refund_tiers = {"[{\"hours\":24,\"percent\":100,\"fee_fen\":0},"
				 "{\"hours\":2,\"percent\":50,\"fee_fen\":10}]"},
		.now = NOW,
		.items = {items, n},
	};
}

static enum err quote(
	const struct cancellable *o, struct cancellation *out, size_t n, const int64_t *wanted)
{
	return cancellation_quote(mem, o, (struct ints){wanted, n}, out);
}
#define ALL 0, NULL
#define ONLY(...)                                                                   \
	sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[]) \
	{                                                                           \
		__VA_ARGS__                                                         \
	}

static void each_item_has_its_own_tier(void **state)
{
	struct item items[] = {item(1, "booked", FAR), item(2, "booked", NEAR)};
	struct cancellable o = order("paid", items, 2);
	struct cancellation c;

	(void)state;
	assert_int_equal(quote(&o, &c, ALL), E_OK);
	const struct cancelled_item *it = c.items.at;
	assert_int_equal(it[0].refund_fen.fen, 1000);
	assert_int_equal(it[1].refund_fen.fen, 490);
	assert_int_equal(it[1].fee_fen.fen, 510);
	assert_int_equal(c.price_fen.fen, 2000);
	assert_int_equal(c.fee_fen.fen, 510);
	assert_int_equal(c.refund_fen.fen, 1490);
}

static void no_more_comes_back_than_is_left(void **state)
{
	struct item items[] = {item(1, "booked", FAR), item(2, "booked", FAR)};
	struct cancellable o = order("paid", items, 2);
	struct cancellation c;

	(void)state;
	for (int64_t given = 0; given <= 2000; given += 250) {
		o.refunded_fen.fen = given;
		assert_int_equal(quote(&o, &c, ALL), E_OK);
		assert_int_equal(c.refund_fen.fen, 2000 - given);
		const struct cancelled_item *it = c.items.at;
		assert_int_equal(it[0].refund_fen.fen + it[1].refund_fen.fen, c.refund_fen.fen);
	}
}

static void where_none_is_named_those_go_that_can(void **state)
{
	struct item items[] = {item(1, "used", FAR), item(2, "booked", FAR),
		item(3, "released", FAR), item(4, "booked", BEGUN), item(5, "booked", NEAR)};
	struct cancellable o = order("paid", items, 5);
	struct cancellation c;

	(void)state;
	assert_int_equal(quote(&o, &c, ALL), E_OK);
	const struct cancelled_item *it = c.items.at;
	assert_int_equal(c.items.count, 2);
	assert_int_equal(it[0].id, 2);
	assert_int_equal(it[1].id, 5);
	assert_int_equal(quote(&o, &c, ONLY(5, 5, 2)), E_OK); /* named twice is named */
	assert_int_equal(c.items.count, 2);
}

static void of_those_named_each_must_do(void **state)
{
	struct item items[] = {item(1, "used", FAR), item(2, "booked", FAR),
		item(3, "released", FAR), item(4, "booked", BEGUN)};
	struct cancellable o = order("paid", items, 4);
	struct cancellation c;

	(void)state;
	assert_int_equal(quote(&o, &c, ONLY(2)), E_OK);
	assert_int_equal(quote(&o, &c, ONLY(2, 1)), E_ORDER_STATE);
	assert_int_equal(quote(&o, &c, ONLY(2, 3)), E_ITEM_CANCELLED);
	assert_int_equal(quote(&o, &c, ONLY(2, 4)), E_CANCEL_TOO_LATE);
	assert_int_equal(quote(&o, &c, ONLY(2, 9)), E_NOT_FOUND);
}

static void when_nothing_can_go_the_reason_is_told(void **state)
{
	struct item used[] = {item(1, "used", FAR), item(2, "released", FAR)};
	struct item begun[] = {item(1, "used", FAR), item(2, "booked", BEGUN)};
	struct cancellable o = order("paid", used, 2), p = order("paid", begun, 2);
	struct cancellation c;

	(void)state;
	assert_int_equal(quote(&o, &c, ALL), E_ORDER_STATE);
	assert_int_equal(quote(&p, &c, ALL), E_CANCEL_TOO_LATE);
	o.items.count = 1;
	used[0].state = "released";
	assert_int_equal(quote(&o, &c, ALL), E_ITEM_CANCELLED);
}

static void an_unpaid_order_goes_as_a_whole_for_nothing(void **state)
{
	struct item items[] = {item(1, "held", FAR), item(2, "held", BEGUN)};
	struct cancellable o = order("pending", items, 2);
	struct cancellation c;

	(void)state;
	assert_int_equal(quote(&o, &c, ALL), E_OK);
	assert_int_equal(c.refund_fen.fen, 0);
	assert_int_equal(c.price_fen.fen, 2000);
	assert_int_equal(quote(&o, &c, ONLY(1, 2)), E_OK);
	assert_int_equal(quote(&o, &c, ONLY(1)), E_ORDER_UNPAID);
	assert_int_equal(quote(&o, &c, ONLY(9)), E_NOT_FOUND);
}

static void what_has_ended_or_is_ending_says_so(void **state)
{
	static const struct {
		const char *state;
		enum err err;
	} ends[] = {
		{"closing", E_ORDER_STATE},
		{"expired", E_ORDER_EXPIRED},
		{"cancelled", E_ORDER_CANCELLED},
	};
	struct item items[] = {item(1, "booked", FAR)};
	struct cancellation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct cancellable o = order(ends[i].state, items, 1);
		assert_int_equal(quote(&o, &c, ALL), ends[i].err);
	}
}

static void staff_may_free_what_has_begun_and_nothing_that_was_used(void **state)
{
	struct item items[] = {item(1, "used", FAR), item(2, "booked", BEGUN)};
	struct cancellable o = order("paid", items, 2);
	struct cancellation c;
	int64_t begun = 2, used = 1;

	(void)state;
	assert_int_equal(cancellation_of(mem, &o, (struct ints){&begun, 1}, &c), E_OK);
	assert_int_equal(c.refund_fen.fen, 0);
	assert_int_equal(cancellation_of(mem, &o, (struct ints){&used, 1}, &c), E_ORDER_STATE);
}

static void a_list_of_ids_has_one_form(void **state)
{
	static const char *const bad[] = {"", ",", "1,", ",1", "1,,2", "a", "1.0", "-1", "+1",
		"01", "0", " 1", "1 ", "1234567890123456"};
	struct ints ids = {0};

	(void)state;
	assert_true(item_ids_parse(mem, "12,7,123456789012345", &ids));
	assert_int_equal(ids.count, 3);
	assert_int_equal(ids.at[2], 123456789012345);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (item_ids_parse(mem, bad[i], &ids))
			fail_msg("\"%s\"", bad[i]);
	char many[PERIODS_MAX * 2 + 2];
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? ',' : '1';
	many[PERIODS_MAX * 2 - 1] = '\0';
	assert_true(item_ids_parse(mem, many, &ids));
	many[PERIODS_MAX * 2 - 1] = ',';
	many[PERIODS_MAX * 2 + 1] = '\0';
	assert_false(item_ids_parse(mem, many, &ids)); /* one too many */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_item_has_its_own_tier),
		cmocka_unit_test(no_more_comes_back_than_is_left),
		cmocka_unit_test(where_none_is_named_those_go_that_can),
		cmocka_unit_test(of_those_named_each_must_do),
		cmocka_unit_test(when_nothing_can_go_the_reason_is_told),
		cmocka_unit_test(an_unpaid_order_goes_as_a_whole_for_nothing),
		cmocka_unit_test(what_has_ended_or_is_ending_says_so),
		cmocka_unit_test(staff_may_free_what_has_begun_and_nothing_that_was_used),
		cmocka_unit_test(a_list_of_ids_has_one_form),
	};

	return RUN_TESTS(tests);
}
