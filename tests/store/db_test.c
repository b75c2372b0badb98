/* The database layer against a real PostgreSQL: batches, transactions, types. */
#include "store.h"

static void every_statement_of_the_program_fits_the_schema(void **state)
{
	(void)state;
	assert_int_equal(db_check_all(db), 0);
	assert_true(__stop_sqls - __start_sqls > 50); /* all of the library is here */
	assert_non_null(sql_find("order_insert"));
	assert_non_null(sql_find("checkin_insert"));
	assert_null(sql_find("nosuch"));
}

static void without_a_database_the_check_does_not_pass(void **state)
{
	struct db *nowhere = db_new("host=/nonexistent dbname=zx", "test");

	(void)state;
	assert_int_not_equal(db_check_all(nowhere), 0);
	db_free(nowhere);
}

static const char *state_of(int64_t pid)
{
	return say(
		other, arena_printf(mem, "SELECT state FROM pg_stat_activity WHERE pid = %lld",
			       (long long)pid));
}

static void nothing_travels_before_sync_and_nothing_shows_before_commit(void **state)
{
	struct tx tx;
	int64_t pid = backend();

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	keep(&tx, "b");
	usleep(20000);
	assert_string_equal(state_of(pid), "idle");
	assert_int_equal(db_sync(&tx), E_OK);
	assert_string_equal(state_of(pid), "active"); /* its batch waits for Sync */
	assert_int_equal(kept(), 0);
	keep(&tx, "c");
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_string_equal(state_of(pid), "idle");
	assert_int_equal(kept(), 3);
	assert_int_equal(backend(), pid);
}

static void a_rollback_leaves_nothing_whether_or_not_it_was_sent(void **state)
{
	struct tx tx;
	int64_t pid = backend();

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "unsent");
	tx_rollback(&tx);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "sent");
	assert_int_equal(db_sync(&tx), E_OK);
	keep(&tx, "queued behind");
	tx_rollback(&tx);
	assert_string_equal(state_of(pid), "idle");
	tx_begin(&tx, db, mem, TX_WRITE);
	tx_rollback(&tx); /* of nothing */
	tx_begin(&tx, db, mem, TX_WRITE);
	assert_int_equal(tx_commit(&tx), E_OK); /* of nothing */
	assert_int_equal(kept(), 0);
	assert_int_equal(backend(), pid);
}

SQL(test_divide, "SELECT 1 / $1::bigint AS n");

/* The error comes first, in the middle or last; in the commit or before it. */
static void an_error_in_a_batch_undoes_all_of_it(void **state)
{
	int64_t pid = backend();

	(void)state;
	for (int where = 0; where < 3; where++)
		for (int synced = 0; synced < 2; synced++) {
			struct tx tx;

			tx_begin(&tx, db, mem, TX_WRITE);
			keep(&tx, "before");
			for (int i = 0; i < 3; i++) {
				keep(&tx, arena_printf(mem, "%d", i));
				if (i == where)
					db_queue(&tx, &test_divide, A(0));
			}
			if (synced)
				assert_int_equal(db_sync(&tx), E_INTERNAL);
			assert_int_equal(tx_commit(&tx), E_INTERNAL);
			tx_rollback(&tx);
			assert_int_equal(kept(), 0);
			assert_int_equal(backend(), pid); /* the same connection goes on */
		}
}

static void after_an_error_only_a_rollback_may_follow(void **state)
{
	struct tx tx;
	struct number n;

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	assert_int_equal(db_one(&tx, &test_divide, &number_shape, &n, A(0)), E_INTERNAL);
	keep(&tx, "late");
	assert_int_equal(db_sync(&tx), E_INTERNAL);
	assert_int_equal(tx_commit(&tx), E_INTERNAL);
	tx_rollback(&tx);
	assert_int_equal(kept(), 0);
}

SQL(test_series, "SELECT generate_series(1, $1)::bigint AS n");

/* Whoever asks may go on with what is there. */
static void a_row_that_is_missing_breaks_nothing(void **state)
{
	struct tx tx;
	struct number n;

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "before");
	assert_int_equal(db_one(&tx, &test_series, &number_shape, &n, A(0)), E_NOT_FOUND);
	keep(&tx, "after");
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_int_equal(kept(), 2);
}

SQL(test_drop, "DELETE FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(test_see, "SELECT 1 FROM idempotency WHERE account_id = $1");

static void what_is_wanted_and_unmet_stores_nothing(void **state)
{
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	db_queue_one(&tx, &test_drop, E_ORDER_STATE, A(mine), A("nosuch"));
	keep(&tx, "b");
	assert_int_equal(tx_commit(&tx), E_ORDER_STATE);
	tx_rollback(&tx);
	assert_int_equal(kept(), 0);

	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	keep(&tx, "b");
	db_queue_none(&tx, &test_see, E_REPLAY, A(mine));
	assert_int_equal(tx_commit(&tx), E_REPLAY);
	tx_rollback(&tx);
	assert_int_equal(kept(), 0);

	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue_none(&tx, &test_see, E_REPLAY, A(mine));
	keep(&tx, "a");
	keep(&tx, "b");
	db_queue_one(&tx, &test_drop, E_ORDER_STATE, A(mine), A("a"));
	db_queue_one(&tx, &test_see, E_ORDER_STATE, A(mine));
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_int_equal(kept(), 1);
}

static void of_two_errors_the_first_is_told(void **state)
{
	struct tx tx;
	struct number n;

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue_one(&tx, &test_see, E_ORDER_UNPAID, A(mine));
	db_ask_one(&tx, &test_see, &number_shape, &n, E_VENUE_NOT_FOUND, A(mine));
	db_queue(&tx, &test_divide, A(0));
	assert_int_equal(db_sync(&tx), E_ORDER_UNPAID);
	tx_rollback(&tx);
}

static void one_row_is_asked_for_and_one_is_taken(void **state)
{
	struct tx tx;
	struct number n = {-1};
	struct list all = {NULL, 99};

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	db_ask_one(&tx, &test_series, &number_shape, &n, E_COURT_NOT_FOUND, A(0));
	assert_int_equal(db_sync(&tx), E_COURT_NOT_FOUND);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &test_series, &number_shape, &n, A(1)), E_OK);
	assert_int_equal(n.n, 1);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &test_series, &number_shape, &n, A(2)), E_INTERNAL);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_all(&tx, &test_series, &number_shape, &all, A(0)), E_OK);
	assert_int_equal(all.count, 0);
	assert_int_equal(db_all(&tx, &test_series, &number_shape, &all, A(5000)), E_OK);
	assert_int_equal(all.count, 5000);
	assert_int_equal(((struct number *)all.at)[4999].n, 5000);
}

/* A reading batch is one round trip with many answers. */
static void answers_land_where_they_were_asked_for(void **state)
{
	struct tx tx;
	struct number one, two;
	struct list three, four;

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	db_ask_one(&tx, &test_divide, &number_shape, &one, E_NOT_FOUND, A(1));
	db_ask_all(&tx, &test_series, &number_shape, &three, A(3));
	db_ask_one(&tx, &test_divide, &number_shape, &two, E_NOT_FOUND, A(-1));
	db_ask_all(&tx, &test_series, &number_shape, &four, A(4));
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_true(one.n == 1 && two.n == -1 && three.count == 3 && four.count == 4);
}

static void a_batch_that_is_too_long_is_refused_whole(void **state)
{
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	for (int i = 0; i < 62; i++) /* and BEGIN and COMMIT */
		keep(&tx, arena_printf(mem, "%d", i));
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_int_equal(kept(), 62);
	tx_begin(&tx, db, mem, TX_WRITE);
	for (int i = 0; i < 100; i++)
		keep(&tx, arena_printf(mem, "more %d", i));
	assert_int_equal(tx_commit(&tx), E_INTERNAL);
	tx_rollback(&tx);
	assert_int_equal(kept(), 62);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "next");
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_int_equal(kept(), 63);
}

static void a_statement_with_too_many_arguments_is_refused(void **state)
{
	struct db_arg args[25];
	struct number n = {0};
	struct db_answer answer = {.shape = &number_shape, .one = &n};
	struct tx tx;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(args); i++)
		args[i] = arg_int(1);
	for (enum tx_mode mode = TX_READ; mode <= TX_WRITE; mode++) {
		tx_begin(&tx, db, mem, mode);
		db_note_(&tx, &test_divide, &answer, args, COUNT_OF(args));
		assert_int_equal(db_sync(&tx), E_INTERNAL);
		tx_rollback(&tx);
	}
}

SQL(test_slot_twice,
	"INSERT INTO occupancy (unit_id, at, item_id) VALUES (-1, '2020-01-01', 1),"
	" (-1, '2020-01-01', 1)");
SQL(test_quota,
	"INSERT INTO booking_day (account_id, play_date, periods, allowed)"
	" VALUES ($1, '2020-01-01', 4, 3)");
SQL(test_checkin_twice,
	"INSERT INTO checkin (item_id, order_id, venue_id, staff_id, method)"
	" SELECT -1, -1, -1, -1, 'scan' FROM generate_series(1, 2)");
SQL(test_other_rule,
	"INSERT INTO orders (id, no, account_id, venue_id, play_date, amount_fen, expires_at)"
	" VALUES (-1, 'x', -1, -1, '2020-01-01', 1, now())");
SQL(test_no_such_account,
	"INSERT INTO booking_day (account_id, play_date, periods, allowed)"
	" VALUES (-1, '2020-01-01', 1, 3)");

static void broken_rules_become_the_errors_of_their_table(void **state)
{
	/* clang-format off */
	struct {
		struct sql *sql;
		bool args;
		enum err err;
	} const cases[] = {
		{ &test_slot_twice, false, E_SLOT_TAKEN },
		{ &test_quota, true, E_QUOTA },
		{ &test_checkin_twice, false, E_CHECKED_IN },
		{ &test_other_rule, false, E_INTERNAL },
		{ &test_no_such_account, false, E_INTERNAL },
	};
	/* clang-format on */
	struct tx tx;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		tx_begin(&tx, db, mem, TX_WRITE);
		if (cases[i].args)
			db_queue(&tx, cases[i].sql, A(mine));
		else
			db_queue(&tx, cases[i].sql);
		enum err err = tx_commit(&tx);
		tx_rollback(&tx);
		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].sql->name, err_info[err].code);
	}
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "same");
	keep(&tx, "same");
	assert_int_equal(tx_commit(&tx), E_RETRY); /* idempotency_pkey */
	tx_rollback(&tx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_of_the_program_fits_the_schema),
		TEST(without_a_database_the_check_does_not_pass),
		TEST(nothing_travels_before_sync_and_nothing_shows_before_commit),
		TEST(a_rollback_leaves_nothing_whether_or_not_it_was_sent),
		TEST(an_error_in_a_batch_undoes_all_of_it),
		TEST(after_an_error_only_a_rollback_may_follow),
		TEST(a_row_that_is_missing_breaks_nothing),
		TEST(what_is_wanted_and_unmet_stores_nothing),
		TEST(of_two_errors_the_first_is_told),
		TEST(one_row_is_asked_for_and_one_is_taken),
		TEST(answers_land_where_they_were_asked_for),
		TEST(a_batch_that_is_too_long_is_refused_whole),
		TEST(a_statement_with_too_many_arguments_is_refused),
		TEST(broken_rules_become_the_errors_of_their_table),
	};

	return RUN_TESTS_BETWEEN(store_begin, tests, store_end);
}
