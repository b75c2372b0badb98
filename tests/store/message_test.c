/* The relay's side of the message table, under several processes. */
#include "messages.h"

enum { PROCESSES = 4, BATCH = 7 };

SQL(test_make_old,
	"UPDATE message SET created_at = now() - interval '8 days', published_at = $2 WHERE id = $1");
SQL(test_done, "INSERT INTO message_done (consumer, message_id) VALUES ($1, $2)");
SQL(test_last, "SELECT max(id) FROM message WHERE subject_id = 7 AND kind = $1");
SQL(test_listen, "LISTEN " MESSAGE_CHANNEL);

static void claim_all(int64_t first)
{
	for (;;) {
		struct list got = claim(BATCH);
		const struct message *m = got.at;

		if (got.count == 0)
			return;
		for (size_t i = 0; i < got.count; i++)
			if (m[i].id >= first && m[i].id < first + MANY)
				__atomic_add_fetch(
					&shared->claims[m[i].id - first], 1, __ATOMIC_SEQ_CST);
		arena_reset(mem);
	}
}

static void four_relays_claim_each_message_once(void **state)
{
	(void)state;
	int64_t first = add(MANY, "test.claim");

	in_processes(PROCESSES, claim_all, first, 0);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(shared->claims[i], 1);
}

static void a_claim_is_a_lease(void **state)
{
	(void)state;
	int64_t id = add(1, "test.lease");
	struct message stalled, next;

	assert_true(claim_one(id, &stalled));
	assert_int_equal(stalled.attempts, 1);
	assert_true(facts(id).due_in_s > MESSAGE_LEASE_S - 5);
	assert_false(claim_one(id, &next));
	RUN(&test_age, A(id)); /* the lease runs out */
	assert_true(claim_one(id, &next));
	assert_int_equal(next.attempts, 2);
	tell_published(&stalled); /* it is not his any more */
	assert_false(facts(id).published);
	tell_published(&next);
	assert_true(facts(id).published);
	RUN(&test_age, A(id));
	assert_false(claim_one(id, &next));
}

static void what_fails_comes_back_later_and_later(void **state)
{
	(void)state;
	static const int64_t wait_s[] = {2, 4, 8, 16, 32, 60, 60};
	int64_t id = add(1, "test.later");

	for (size_t i = 0; i < COUNT_OF(wait_s); i++) {
		struct message m;

		assert_true(claim_one(id, &m));
		struct message_refs refs = refs_of(&m);
		struct tx tx = begin();
		message_postponed(&tx, &refs, "no", 60);
		must(tx_commit(&tx));
		assert_int_equal(facts(id).due_in_s, wait_s[i]);
		assert_string_equal(facts(id).last_error, "no");
		RUN(&test_age, A(id));
	}
}

static int64_t add_real(enum message_kind kind)
{
	struct tx tx = begin();
	int64_t id;

	must(message_tell(&tx, kind, &(struct message_about){.order_id = 7}));
	must(db_value(&tx, &test_last, &id, A(message_word(kind))));
	must(tx_commit(&tx));
	return id;
}

static void only_what_somebody_waits_for_wakes_the_relay(void **state)
{
	(void)state;
	struct db *listener = db_new(settings.db, "message_test ears");
	struct tx tx;

	tx_begin(&tx, listener, mem, TX_NONE);
	must(db_run(&tx, &test_listen));
	int64_t created = add_real(MESSAGE_ORDER_CREATED);
	assert_false(db_wait_notify(listener, 200));
	int64_t paid = add_real(MESSAGE_ORDER_PAID);
	assert_true(db_wait_notify(listener, 1000));
	db_free(listener);
	RUN(&test_make_old, A(created), A(stamp_now())); /* out of other tests' way */
	RUN(&test_make_old, A(paid), A(stamp_now()));
}

static void only_old_messages_that_are_done_with_are_swept(void **state)
{
	(void)state;
	int64_t created = add_real(MESSAGE_ORDER_CREATED),
		waiting = add_real(MESSAGE_ORDER_PAID);
	int64_t done = add_real(MESSAGE_ORDER_PAID), unsent = add_real(MESSAGE_ORDER_PAID),
		deleted;
	int64_t half = add_real(MESSAGE_ORDER_PAID);
	int64_t young = add_real(MESSAGE_ORDER_CREATED);
	stamp old = {stamp_now().us - 8LL * 24 * HOUR}, none = {0};

	RUN(&test_make_old, A(created), A(old));
	RUN(&test_make_old, A(waiting), A(old));
	RUN(&test_make_old, A(done), A(old));
	RUN(&test_make_old, A(half), A(old));
	RUN(&test_done, A(name), A(created));
	RUN(&test_done, A(name), A(done));
	RUN(&test_done, A("another"), A(done));
	RUN(&test_done, A(name), A(half));
	RUN(&test_make_old, A(unsent), arg_stamp_or_null(none));
	struct tx tx = begin();
	must(message_sweep(&tx, 100000, &deleted));
	must(tx_commit(&tx));
	assert_true(deleted >= 2);
	assert_int_equal(facts(created).rows, 0);
	assert_int_equal(facts(done).rows, 0);
	assert_int_equal(facts(waiting).rows, 1); /* its consumers have been away for a week */
	assert_int_equal(facts(half).rows, 1);    /* one of two has */
	assert_int_equal(facts(unsent).rows, 1);
	assert_int_equal(facts(young).rows, 1);
	RUN(&test_done, A(name), A(waiting));
	RUN(&test_make_old, A(half), A(stamp_now()));
	RUN(&test_make_old, A(unsent), A(stamp_now()));
	RUN(&test_make_old, A(young), A(stamp_now()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_relays_claim_each_message_once),
		cmocka_unit_test(a_claim_is_a_lease),
		cmocka_unit_test(what_fails_comes_back_later_and_later),
		cmocka_unit_test(only_what_somebody_waits_for_wakes_the_relay),
		cmocka_unit_test(only_old_messages_that_are_done_with_are_swept),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
