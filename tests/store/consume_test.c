/* Acting on messages, each once, without a broker. */
#include "messages.h"

enum { PROCESSES = 4 };

static enum err leave_a_trace(struct tx *tx, const struct message *m)
{
	__atomic_add_fetch(&shared->starts, 1, __ATOMIC_SEQ_CST);
	db_queue(tx, &test_effect, A(m->id));
	return E_OK;
}

static enum err fail_after_a_trace(struct tx *tx, const struct message *m)
{
	TRY(leave_a_trace(tx, m));
	TRY(db_sync(tx));
	return E_NOT_FOUND;
}

static enum err meet_a_deadlock(struct tx *tx, const struct message *m)
{
	TRY(leave_a_trace(tx, m));
	TRY(db_sync(tx));
	return E_RETRY;
}

static enum err crash(struct tx *tx, const struct message *m)
{
	TRY(leave_a_trace(tx, m));
	TRY(db_sync(tx));
	_exit(3);
}

static enum err deliver(consume_fn *fn, int64_t id, bool again)
{
	struct consumer c = {name, "", fn};
	struct handling h = {.consumer = &c, .db = db, .mem = mem, .id = id, .again = again};

	return consume_one(&h);
}

static void a_message_delivered_twice_acts_once(void **state)
{
	(void)state;
	int64_t id = add(1, "test.twice");

	must(deliver(leave_a_trace, id, false));
	must(deliver(leave_a_trace, id, false));
	must(deliver(leave_a_trace, id, true));
	assert_int_equal(facts(id).effects, 1);
	assert_int_equal(facts(id).dead, 0);
}

static void deliver_well(int64_t id)
{
	must(deliver(leave_a_trace, id, true));
}

static void a_message_delivered_to_four_at_once_acts_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t id = add(1, "test.four");

		in_processes(PROCESSES, deliver_well, id, 0);
		assert_int_equal(facts(id).effects, 1);
	}
}

static void a_failing_message_is_dead_after_five_tries(void **state)
{
	(void)state;
	int64_t id = add(1, "test.poison");
	struct message m;

	shared->starts = 0;
	for (int i = 1; i <= CONSUME_TRIES; i++) {
		assert_int_equal(facts(id).dead, 0);
		assert_true(claim_one(id, &m));
		must(deliver(fail_after_a_trace, id, false));
		tell_published(&m); /* the relay is late: that must not lose the next try */
		assert_int_equal(facts(id).published, i == CONSUME_TRIES);
		RUN(&test_age, A(id));
	}
	assert_int_equal(shared->starts, CONSUME_TRIES);
	assert_int_equal(facts(id).dead, 1);
	assert_int_equal(facts(id).effects, 0);
	assert_false(claim_one(id, &m));
	must(deliver(leave_a_trace, id, true)); /* a duplicate of the dead */
	assert_int_equal(facts(id).effects, 0);
}

static void a_later_try_waits_longer_each_time(void **state)
{
	(void)state;
	int64_t id = add(1, "test.patience");

	for (int64_t i = 1; i < CONSUME_TRIES; i++) {
		must(deliver(fail_after_a_trace, id, false));
		assert_int_equal(facts(id).tries, i);
		assert_int_equal(facts(id).due_in_s, 1 << i);
		assert_string_equal(facts(id).last_error, "not_found");
	}
}

static void the_dead_are_handed_out_again(void **state)
{
	(void)state;
	int64_t id = add(1, "test.replay"), count;
	struct message m;

	for (int i = 1; i <= CONSUME_TRIES; i++)
		must(deliver(fail_after_a_trace, id, false));
	struct tx tx = begin();
	must(consume_replay(&tx, id, &count));
	must(tx_commit(&tx));
	assert_int_equal(count, 1);
	assert_true(claim_one(id, &m));
	must(deliver(leave_a_trace, id, true));
	assert_int_equal(facts(id).effects, 1);
	tx = begin();
	must(consume_replay(&tx, id, &count));
	must(tx_commit(&tx));
	assert_int_equal(count, 0);
}

static void deliver_and_crash(int64_t id)
{
	(void)deliver(crash, id, shared->starts > 0);
}

static void a_message_that_kills_its_consumer_is_dead_after_five(void **state)
{
	(void)state;
	int64_t id = add(1, "test.killer");

	shared->starts = 0;
	for (int i = 0; i < CONSUME_TRIES; i++)
		in_processes(1, deliver_and_crash, id, 3);
	assert_int_equal(facts(id).dead, 0);
	in_processes(1, deliver_and_crash, id, 0);
	assert_int_equal(shared->starts, CONSUME_TRIES);
	assert_int_equal(facts(id).dead, 1);
	assert_int_equal(facts(id).effects, 0);
}

static void trouble_that_passes_is_not_counted(void **state)
{
	(void)state;
	int64_t id = add(1, "test.passing");
	struct consumer c = {name, "", meet_a_deadlock};
	struct handling h = {.consumer = &c, .db = db, .mem = mem, .id = id, .again = true};

	for (int i = 0; i < 3 * CONSUME_TRIES; i++)
		assert_int_equal(consume_one(&h), E_RETRY);
	assert_int_equal(facts(id).tries, 2);
	c.act = leave_a_trace;
	must(consume_one(&h));
	assert_int_equal(facts(id).effects, 1);
}

static void a_message_that_never_was_is_told_apart_from_a_failing_one(void **state)
{
	(void)state;
	assert_int_equal(deliver(leave_a_trace, 9007199254740000, false), E_NOT_FOUND);
	assert_int_equal(deliver(leave_a_trace, 9007199254740000, true), E_NOT_FOUND);
	assert_int_equal(deliver(fail_after_a_trace, add(1, "test.known"), false), E_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_delivered_twice_acts_once),
		cmocka_unit_test(a_message_delivered_to_four_at_once_acts_once),
		cmocka_unit_test(a_failing_message_is_dead_after_five_tries),
		cmocka_unit_test(a_later_try_waits_longer_each_time),
		cmocka_unit_test(the_dead_are_handed_out_again),
		cmocka_unit_test(a_message_that_kills_its_consumer_is_dead_after_five),
		cmocka_unit_test(trouble_that_passes_is_not_counted),
		cmocka_unit_test(a_message_that_never_was_is_told_apart_from_a_failing_one),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
