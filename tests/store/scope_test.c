/* The scope of a transaction of staff, and the plans under it. */
#include "store.h"

#define ANY_TIME "NULL, NULL, 0, 20, "
#define NO_WORDS ", NULL, NULL, NULL"

static struct db *staff; /* under test, as zx_staff */
static int64_t session;

struct word {
	const char *text;
};
static const struct field word_fields[] = {FIELD(struct word, text)};
static const struct shape word_shape = SHAPE(struct word, word_fields);
SQL(test_enter, "SELECT staff_enter($1, 1, 'audit', 'test')");
SQL(test_scope, "SELECT coalesce(current_setting('zx.venues', true), '') AS text");
SQL(test_divide_by, "SELECT (1 / $1::bigint) AS n");

static const char *scope(struct tx *tx)
{
	struct word word = {0};

	assert_int_equal(db_one(tx, &test_scope, &word_shape, &word), E_OK);
	return word.text;
}

static void a_held_reading_keeps_its_scope_to_the_end_and_no_longer(void **state)
{
	struct tx tx;

	(void)state;
	tx_begin(&tx, staff, mem, TX_READ);
	tx_hold(&tx);
	db_queue(&tx, &test_enter, A(session));
	assert_int_equal(db_sync(&tx), E_OK);
	assert_string_equal(scope(&tx), "*");
	assert_string_equal(scope(&tx), "*");
	assert_int_equal(tx_commit(&tx), E_OK);
	tx_begin(&tx, staff, mem, TX_READ);
	assert_string_equal(scope(&tx), "");
}

static void without_being_held_each_sync_is_a_transaction_of_its_own(void **state)
{
	struct tx tx;

	(void)state;
	tx_begin(&tx, staff, mem, TX_READ);
	db_queue(&tx, &test_enter, A(session));
	assert_int_equal(db_sync(&tx), E_OK);
	assert_string_equal(scope(&tx), "");
}

static void a_held_reading_that_failed_leaves_the_connection_as_it_was(void **state)
{
	struct tx tx;
	struct number n;

	(void)state;
	tx_begin(&tx, staff, mem, TX_READ);
	tx_hold(&tx);
	db_queue(&tx, &test_enter, A(session));
	assert_int_equal(db_sync(&tx), E_OK);
	assert_int_equal(db_one(&tx, &test_divide_by, &number_shape, &n, A(0)), E_INTERNAL);
	tx_rollback(&tx);
	tx_begin(&tx, staff, mem, TX_READ);
	assert_true(db_reused(staff));
	assert_string_equal(scope(&tx), "");
	assert_int_equal(db_one(&tx, &test_divide_by, &number_shape, &n, A(1)), E_OK);
}

SQL(test_venue_add, "INSERT INTO venue (id, name) VALUES (-7, 'x')");
SQL(test_no_grant, "SELECT 1 FROM wechat_identity");

static void what_no_policy_lets_be_written_is_forbidden_and_a_missing_grant_is_our_fault(
	void **state)
{
	struct tx tx;

	(void)state;
	tx_begin(&tx, staff, mem, TX_WRITE);
	db_queue(&tx, &test_venue_add);
	assert_int_equal(tx_commit(&tx), E_FORBIDDEN);
	tx_rollback(&tx);
	tx_begin(&tx, staff, mem, TX_READ);
	db_queue(&tx, &test_no_grant);
	assert_int_equal(db_sync(&tx), E_INTERNAL);
}

/* Row level security would keep a GIN index from being used. Of some thousand entries
 * the planner takes it by itself. */
static void words_are_searched_by_their_index(void **state)
{
	static const char *const words[] = {
		"'hour_fen', NULL", "NULL, '2000'", "'hour_fen', '2000'"};
	PGconn *plain = PQconnectdb(arena_printf(mem, "%s user=zx_staff", getenv("ZX_DB")));

	(void)state;
	say(owner,
		"INSERT INTO audit_log (actor_id, entity, entity_id, action, after, operation_id)"
		" SELECT 1, 'many', n, 'insert', jsonb_build_object('n', n), 'many'"
		" FROM generate_series(10000, 15000) n");
	say(owner, "ANALYZE audit_log");
	say(plain, "SET plan_cache_mode = force_custom_plan");
	say(plain, arena_printf(mem, "PREPARE p AS %s", sql_find("audit_fitting")->text));
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const char *plan =
			say(plain, arena_printf(mem,
					   "EXPLAIN (FORMAT JSON) EXECUTE p (" ANY_TIME
					   "NULL, NULL, NULL, NULL, NULL, NULL, NULL, %s)",
					   words[i]));
		if (!strstr(plan, "\"Index Name\": \"audit_log_words\""))
			fail_msg("no words in %s", plan);
	}
	PQfinish(plain);
}

/* With nothing but indexes to choose from: whether the one that is meant can be
 * used, with the policies in the plan. */
static void each_search_has_its_index(void **state)
{
	/* clang-format off */
	static const struct {
		const char *sql, *mode, *args, *index;
	} cases[] = {
		{ "orders_at_venues", "generic", "NULL, NULL, NULL, 0, 20", "orders_play_date" },
		{ "orders_of_number", "generic", "NULL, NULL, NULL, 0, 20, NULL, ''", "orders_no_key" },
		{ "customers_of_venues", "generic", "1, NULL, 0, 20", "venue_customer_pkey" },
		{ "sold_from", "generic", "1, NULL, NULL, true, false", "orders_play_date" },
		{ "sold_of_court", "generic", "1, 1", "order_item_court" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, NULL, NULL, NULL, NULL" NO_WORDS, "at" },
		{ "audit_fitting", "custom", ANY_TIME "7, NULL, NULL, NULL, NULL, NULL" NO_WORDS, "actor" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, 7, NULL, NULL, NULL, NULL" NO_WORDS, "venue" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, 'x', NULL, NULL, NULL" NO_WORDS, "entity" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, 'x', 'x', NULL, NULL" NO_WORDS, "entity_id" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, NULL, NULL, 'x', NULL" NO_WORDS, "operation" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, NULL, NULL, NULL, 'delete'" NO_WORDS, "action" },
		{ "audit_fitting", "custom", ANY_TIME "NULL, NULL, NULL, NULL, NULL, NULL, 'x', NULL, NULL", "actor_username" },
	};
	/* clang-format on */
	PGconn *plain = PQconnectdb(arena_printf(mem, "%s user=zx_staff", getenv("ZX_DB")));

	(void)state;
	say(plain,
		"SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct sql *sql = sql_find(cases[i].sql);

		assert_non_null(sql);
		say(plain, arena_printf(
				   mem, "SET plan_cache_mode = force_%s_plan", cases[i].mode));
		say(plain, arena_printf(mem, "PREPARE p AS %s", sql->text));
		const char *plan =
			say(plain, arena_printf(mem, "EXPLAIN (FORMAT JSON) EXECUTE p (%s)",
					   cases[i].args));
		const char *audit = strcmp(cases[i].mode, "custom") == 0 ? "audit_log_" : "";
		if (!strstr(plan, arena_printf(mem, "\"Index Name\": \"%s%s\"", audit,
					  cases[i].index)))
			fail_msg("%s does not use %s: %s", cases[i].sql, cases[i].index, plan);
		say(plain, "DEALLOCATE p");
	}
	PQfinish(plain);
}

static int scope_begin(void **state)
{
	int failed = store_begin(state);

	staff = db_new(arena_printf(mem, "%s user=zx_staff", getenv("ZX_DB")), "scope_test");
	session = strtoll(say(owner, "SELECT nextval('id_block') * 256"), NULL, 10);
	say(owner,
		"UPDATE session SET ended_at = now(), ended_why = 'test'"
		" WHERE account_id = 1 AND ended_at IS NULL");
	say(owner, arena_printf(mem,
			   "INSERT INTO session (id, account_id, client, expires_at, salt)"
			   " VALUES (%lld, 1, 'staff', now() + interval '1 day', '')",
			   (long long)session));
	return failed;
}

static int scope_end(void **state)
{
	db_free(staff);
	return store_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_held_reading_keeps_its_scope_to_the_end_and_no_longer),
		TEST(without_being_held_each_sync_is_a_transaction_of_its_own),
		TEST(a_held_reading_that_failed_leaves_the_connection_as_it_was),
		TEST(what_no_policy_lets_be_written_is_forbidden_and_a_missing_grant_is_our_fault),
		TEST(each_search_has_its_index),
		TEST(words_are_searched_by_their_index),
	};

	return RUN_TESTS_BETWEEN(scope_begin, tests, scope_end);
}
