/* What nobody asks for any more is swept, by any number of programs at once. */
#include "store.h"

#include "account/sweep.h"

static int64_t person;

static char *session(const char *life, const char *ended)
{
	int64_t id = strtoll(say(owner, "SELECT nextval('id_block') * 256"), NULL, 10);

	say(owner,
		arena_printf(mem,
			"INSERT INTO session (id, account_id, client, created_at, expires_at,"
			" salt, ended_at, ended_why) SELECT %lld, %lld, 'mini', now() -"
			" interval '90 days', now() + %s, '', t.at, CASE WHEN t.at IS NOT NULL"
			" THEN 'test' END FROM (SELECT now() + %s) t(at)",
			(long long)id, (long long)person, life, ended));
	return arena_printf(mem, "SELECT count(*) FROM session WHERE id = %lld", (long long)id);
}

static int64_t swept(enum err (*sweep)(struct tx *, int, int64_t *), int limit)
{
	int64_t deleted;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	assert_int_equal(tx_end(&tx, sweep(&tx, limit, &deleted)), E_OK);
	return deleted;
}

static void a_session_is_kept_until_no_token_of_it_can_be_asked_about(void **state)
{
	const char *none = "NULL::interval";

	(void)state;
	/* ended long ago, and its refresh token could still come */
	char *replaced = session("interval '1 hour'", "interval '-60 days'");
	char *young = session("interval '-167 hours'", none);
	say(owner, arena_printf(mem,
			   "UPDATE session SET ended_at = now(), ended_why = 'test'"
			   " WHERE account_id = %lld AND ended_at IS NULL",
			   (long long)person));
	char *old = session("interval '-169 hours'", none);
	char *both = session("interval '-169 hours'", "interval '-60 days'");
	assert_true(swept(sessions_sweep, 100000) >= 2);
	assert_int_equal(count(other, replaced), 1);
	assert_int_equal(count(other, young), 1);
	assert_int_equal(count(other, old), 0);
	assert_int_equal(count(other, both), 0);
}

static void store_answer(const char *key, const char *age)
{
	say(owner, arena_printf(mem,
			   "INSERT INTO idempotency (account_id, key, digest, status, answer,"
			   " created_at) VALUES (%lld, '%s', '', 200, '', now() - %s)",
			   (long long)mine, key, age));
}

static void an_answer_is_kept_for_48_hours_and_no_longer(void **state)
{
	(void)state;
	store_answer("young", "interval '47:59:00'");
	store_answer("old", "interval '48:00:01'");
	store_answer("older", "interval '90 days'");
	assert_int_equal(swept(answers_sweep, 1), 1);
	assert_int_equal(kept(), 2); /* the oldest first */
	assert_true(swept(answers_sweep, 100000) >= 1);
	assert_int_equal(kept(), 1);
	assert_int_equal(swept(answers_sweep, 100000), 0);
	/* nor may the program's role have it otherwise */
	say(other, "SELECT answers_sweep(0, 100000)");
	assert_int_equal(kept(), 1);
}

/* Another program is in the middle of its own batch, a person is leaving. */
static void what_others_hold_is_passed_over_without_waiting(void **state)
{
	(void)state;
	store_answer("theirs", "interval '3 days'");
	store_answer("ours", "interval '2 days 1 hour'");
	char *theirs = session("interval '-30 days'", "interval '-60 days'");
	char *ours = session("interval '-29 days'", "interval '-60 days'");
	say(owner, "BEGIN; SET LOCAL lock_timeout = 0");
	say(owner, arena_printf(mem,
			   "DELETE FROM idempotency WHERE account_id = %lld AND key = 'theirs'",
			   (long long)mine));
	say(owner, arena_printf(
			   mem, "SELECT 1 %s FOR UPDATE", theirs + strlen("SELECT count(*)")));
	assert_int_equal(swept(answers_sweep, 100000), 1);
	assert_int_equal(swept(sessions_sweep, 100000), 1);
	say(owner, "ROLLBACK");
	assert_int_equal(kept(), 1);
	assert_int_equal(count(other, theirs), 1);
	assert_int_equal(count(other, ours), 0);
	assert_int_equal(swept(answers_sweep, 100000), 1);
	assert_int_equal(swept(sessions_sweep, 100000), 1);
}

static void a_sweep_goes_by_its_index(void **state)
{
	static const struct {
		const char *text, *index;
	} cases[] = {
		{"SELECT ctid FROM idempotency WHERE created_at < now() - interval '2 days'"
		 " ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED",
			"idempotency_age"},
		{"SELECT id FROM session WHERE expires_at < now() - interval '7 days'"
		 " ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED",
			"session_expires"},
	};

	(void)state;
	say(owner,
		"SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *plan = say(
			owner, arena_printf(mem, "EXPLAIN (FORMAT JSON) %s", cases[i].text));

		assert_non_null(strstr(plan, cases[i].index));
	}
	say(owner, "RESET ALL");
}

static int begin(void **state)
{
	int failed = store_begin(state);

	person = strtoll(say(owner, "SELECT nextval('id_block') * 256"), NULL, 10);
	say(owner,
		arena_printf(mem, "INSERT INTO account (id) VALUES (%lld)", (long long)person));
	return failed;
}

static int end(void **state)
{
	say(owner, arena_printf(mem, "DELETE FROM session WHERE account_id = %lld",
			   (long long)person));
	say(owner, arena_printf(mem, "DELETE FROM account WHERE id = %lld", (long long)person));
	return store_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_is_kept_until_no_token_of_it_can_be_asked_about),
		TEST(an_answer_is_kept_for_48_hours_and_no_longer),
		TEST(what_others_hold_is_passed_over_without_waiting),
		TEST(a_sweep_goes_by_its_index),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
