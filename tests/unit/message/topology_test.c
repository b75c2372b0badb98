/* Which queue gets what, and how what waits is kept apart. No broker. */
#include "test.h"

#include "base/settings.h"
#include "message/message.h"

#include <string.h>

static const struct mq_queue *queue(const char *name)
{
	size_t count;
	const struct mq_queue *q = message_queues(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(q[i].name, name) == 0)
			return &q[i];
	return NULL;
}

static bool takes(const struct mq_queue *q, const char *key)
{
	for (const char *const *k = q->keys; *k; k++)
		if (strcmp(*k, key) == 0)
			return true;
	return false;
}

static void an_order_waits_a_second_longer_than_it_lives(void **state)
{
	(void)state;
	settings.order_ttl_s = 600;
	const struct mq_queue *delay = queue("zx.delay.601"),
			      *expire = queue(consumer_queue(CONSUMER_EXPIRE));

	assert_int_equal(delay->wait_ms, 601000);
	assert_true(takes(delay, "order.created.601") && !delay->keys[1]);
	assert_string_equal(message_key("order.created"), "order.created.601");
	assert_false(delay->of_due);
	assert_true(expire->of_due && expire->wait_ms == 0);
	assert_true(takes(expire, delay->due_key));
}

static void another_life_is_another_queue_and_another_key(void **state)
{
	(void)state;
	settings.order_ttl_s = 900;
	assert_null(queue("zx.delay.601"));
	assert_true(takes(queue("zx.delay.901"), "order.created.901"));
	assert_int_equal(queue("zx.delay.901")->wait_ms, 901000);
	assert_string_equal(message_key("order.created"), "order.created.901");
}

/* Written down here once more, so that a slip in the table is seen. */
static void these_consumers_hear_these_kinds_and_no_others(void **state)
{
	static const struct {
		const char *queue, *kind;
	} heard[] = {
		{"zx.fulfil", "order.paid"},
		{"zx.tell", "order.paid"},
		{"zx.tell", "order.ended"},
		{"zx.tell", "order.cancelled"},
		{"zx.tell", "order.retaken"},
		{"zx.tell", "refund.created"},
		{"zx.tell", "refund.delayed"},
		{"zx.tell", "refund.stuck"},
		{"zx.tell", "refund.done"},
		{"zx.tell", "ban.created"},
		{"zx.tell", "ban.ended"},
		{"zx.ship", "order.used"},
		{"zx.expire", "order.created"},
	};
	size_t count, keys = 0;

	(void)state;
	settings.order_ttl_s = 600;
	for (size_t i = 0; i < COUNT_OF(heard); i++)
		assert_true(takes(queue(heard[i].queue), heard[i].kind));
	const struct mq_queue *q = message_queues(&count);
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; !q[k].wait_ms && q[k].keys[i]; i++)
			keys++;
	assert_int_equal(keys, COUNT_OF(heard));
}

static void every_kind_has_a_taker_for_each_of_its_consumers(void **state)
{
	const struct {
		const char *kind;
		int64_t consumers;
	} kinds[] = {
#define X(id, name, ...) {name, message_hearers(id)},
		MESSAGE_KINDS(X)
#undef X
	};
	size_t count;

	(void)state;
	settings.order_ttl_s = 600;
	const struct mq_queue *q = message_queues(&count);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		int64_t takers = 0;

		for (size_t k = 0; k < count; k++)
			takers += !q[k].of_due && takes(&q[k], message_key(kinds[i].kind));
		assert_int_equal(takers, kinds[i].consumers);
		assert_true(message_must_route(kinds[i].kind));
	}
}

static void other_kinds_go_out_under_their_own_name(void **state)
{
	(void)state;
	assert_string_equal(message_key("order.paid"), "order.paid");
	assert_string_equal(message_key("no.such"), "no.such");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_waits_a_second_longer_than_it_lives),
		cmocka_unit_test(another_life_is_another_queue_and_another_key),
		cmocka_unit_test(these_consumers_hear_these_kinds_and_no_others),
		cmocka_unit_test(every_kind_has_a_taker_for_each_of_its_consumers),
		cmocka_unit_test(other_kinds_go_out_under_their_own_name),
	};

	return RUN_TESTS(tests);
}
