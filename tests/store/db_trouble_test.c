/* Trouble that leaves the connection standing: time-outs, locks, plans that a
 * migration made stale, signals; and waiting for a NOTIFY. */
#include "store.h"

#include <sys/time.h>

enum { SHORT_MS = 1000, MEDIUM_MS = 2000, LONG_MS = 3000, FOR_EVER_MS = 30000 };

SQL(trouble_sleep, "SELECT 1 AS n FROM (SELECT pg_sleep($1::bigint / 1000.0)) AS s");
SQL(trouble_lock, "SELECT pg_advisory_xact_lock($1)");
SQL(trouble_forget, "DEALLOCATE ALL");
SQL(trouble_star, "SELECT * FROM db_trouble");
SQL(trouble_listen, "LISTEN db_trouble");

/* The limits belong to the connection, so it is a new one. */
static void limit(int64_t ms)
{
	settings.db_timeout_ms = ms;
	db_drop(db);
	backend();
}

static void a_slow_statement_is_given_up_by_the_server(void **state)
{
	struct tx tx;

	(void)state;
	limit(MEDIUM_MS);
	int64_t pid = backend(), start = clock_ms();
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	db_queue(&tx, &trouble_sleep, A(FOR_EVER_MS));
	assert_int_equal(tx_commit(&tx), E_DB_DOWN);
	tx_rollback(&tx);
	assert_true(clock_ms() - start < 2L * MEDIUM_MS);
	assert_int_equal(backend(), pid); /* so it was the server, and not we */
	assert_int_equal(kept(), 0);
}

static void each_statement_has_its_own_time(void **state)
{
	struct tx tx;

	(void)state;
	limit(SHORT_MS);
	for (int i = 0; i < 3; i++) {
		tx_begin(&tx, db, mem, TX_READ);
		db_queue(&tx, &trouble_sleep, A(400));
		assert_int_equal(db_sync(&tx), E_OK);
	}
}

static void who_waits_too_long_for_a_lock_is_told_to_try_again(void **state)
{
	struct tx tx;

	(void)state;
	limit(SHORT_MS);
	int64_t pid = backend();
	say(other, "BEGIN");
	say(other, "SELECT pg_advisory_xact_lock(4711)");
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	db_queue(&tx, &trouble_lock, A(4711));
	assert_int_equal(tx_commit(&tx), E_RETRY);
	tx_rollback(&tx);
	say(other, "ROLLBACK");
	assert_int_equal(kept(), 0);
	assert_int_equal(backend(), pid);
}

/* Somebody else is about to insert the same key: we wait, and then lose or win. */
static void who_waits_for_a_rivals_row_gets_his_outcome(void **state)
{
	const char *insert = arena_printf(mem,
		"INSERT INTO idempotency (account_id, key, digest, status, answer)"
		" VALUES (%lld, 'rival', '', 1, '')",
		(long long)mine);
	struct tx tx;

	(void)state;
	limit(SHORT_MS);
	say(other, "BEGIN");
	say(other, insert);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "rival");
	assert_int_equal(tx_commit(&tx), E_RETRY); /* he takes too long */
	tx_rollback(&tx);
	say(other, "COMMIT");
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "rival");
	assert_int_equal(tx_commit(&tx), E_RETRY); /* idempotency_pkey */
	tx_rollback(&tx);
	assert_int_equal(kept(), 1);
}

/* The child takes 2 and wants 1, and never looks for a deadlock, which only a superuser
 * may say: so the victim is always we, however late either of us is. */
static _Noreturn void cross(int ready)
{
	PGconn *own = PQconnectdb(
		arena_printf(mem, "%s dbname=%s", getenv("ZX_DB_ADMIN"), PQdb(owner)));

	say(own, "SET deadlock_timeout = '1h'");
	say(own, "BEGIN");
	say(own, "SELECT pg_advisory_xact_lock(2)");
	if (write(ready, "x", 1) != 1)
		_exit(1);
	say(own, "SELECT pg_advisory_xact_lock(1)");
	say(own, "COMMIT");
	_exit(0);
}

static void await_the_child(void)
{
	for (int i = 0; i < 4000; i++, usleep(5000))
		if (*say(owner,
			    "SELECT 1 FROM pg_locks WHERE NOT granted"
			    " AND locktype = 'advisory' AND objid = 1"))
			return;
	fail_msg("the child doesn't wait");
}

static void the_victim_of_a_deadlock_is_told_to_try_again(void **state)
{
	struct tx tx;
	int ready[2], status = -1;
	char byte;

	(void)state;
	limit(FOR_EVER_MS);
	assert_int_equal(pipe(ready), 0);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	db_queue(&tx, &trouble_lock, A(1));
	assert_int_equal(db_sync(&tx), E_OK);
	pid_t child = fork();
	if (child == 0)
		cross(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	await_the_child();
	int64_t start = clock_ms();
	db_queue(&tx, &trouble_lock, A(2)); /* deadlock_timeout is a second */
	assert_int_equal(db_sync(&tx), E_RETRY);
	assert_true(clock_ms() - start < FOR_EVER_MS / 2); /* it was no lock time-out */
	tx_rollback(&tx);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(kept(), 0);
	close(ready[0]);
	close(ready[1]);
}

/* Once E_RETRY, then it works: the second try must not meet the same trouble. */
static void prepared_statements_that_are_gone_are_made_again(void **state)
{
	struct tx tx;
	struct number n;

	(void)state;
	limit(LONG_MS);
	for (enum tx_mode mode = TX_READ; mode <= TX_WRITE; mode++) {
		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_run(&tx, &trouble_forget), E_OK);
		tx_begin(&tx, db, mem, mode);
		db_ask_one(&tx, &test_pid, &number_shape, &n, E_NOT_FOUND);
		assert_int_equal(tx_commit(&tx), E_RETRY);
		tx_rollback(&tx);
		tx_begin(&tx, db, mem, mode);
		db_ask_one(&tx, &test_pid, &number_shape, &n, E_NOT_FOUND);
		assert_int_equal(tx_commit(&tx), E_OK);
	}
}

static void a_plan_that_a_migration_made_stale_is_made_again(void **state)
{
	struct tx tx;
	struct list rows;

	(void)state;
	limit(LONG_MS);
	for (int written = 0; written < 2; written++) {
		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_all(&tx, &trouble_star, &number_shape, &rows), E_OK);
		say(owner,
			arena_printf(mem, "ALTER TABLE db_trouble ADD more%d text", written));
		tx_begin(&tx, db, mem, written ? TX_WRITE : TX_READ);
		if (written)
			keep(&tx, "a");
		db_ask_all(&tx, &trouble_star, &number_shape, &rows);
		assert_int_equal(tx_commit(&tx), E_RETRY);
		tx_rollback(&tx);
		assert_int_equal(kept(), 0);
		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_all(&tx, &trouble_star, &number_shape, &rows), E_OK);
	}
}

static void only_read(bool on)
{
	const char *name = PQdb(owner);

	say(owner, "SET default_transaction_read_only = off");
	say(owner, arena_printf(mem, "ALTER DATABASE %s SET default_transaction_read_only = %s",
			   name, on ? "on" : "off"));
}

static enum err write_once(struct db *on)
{
	struct tx tx;

	tx_begin(&tx, on, mem, TX_WRITE);
	keep(&tx, "once");
	return tx_end(&tx, E_OK);
}

/* Every later transaction of that connection would be refused, too. */
static void who_is_refused_as_read_only_connects_anew(void **state)
{
	(void)state;
	limit(LONG_MS);
	only_read(true);
	db_drop(db);
	int64_t pid = backend(); /* reading goes on, on the same connection */
	assert_int_equal(backend(), pid);
	assert_int_equal(write_once(db), E_DB_DOWN);
	only_read(false);
	assert_int_equal(write_once(db), E_OK);
	assert_true(backend() != pid);
	assert_int_equal(kept(), 1);
}

/* ZX_DB as the README says, of which the first host is away. */
static void of_several_hosts_one_that_takes_writes_is_found(void **state)
{
	const char *hosts = arena_printf(mem,
		"host=/nonexistent,%s port=5432,%s dbname=%s user=%s"
		" target_session_attrs=read-write",
		PQhost(other), PQport(other), PQdb(other), PQuser(other));
	struct db *several = db_new(hosts, "test");

	(void)state;
	only_read(true);
	assert_int_equal(write_once(several), E_DB_DOWN);
	only_read(false);
	assert_int_equal(write_once(several), E_OK);
	assert_int_equal(kept(), 1);
	db_free(several);
}

static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
	(void)signal;
	signals++;
}

static void signals_do_not_break_a_connection(void **state)
{
	struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
	struct tx tx;

	(void)state;
	limit(LONG_MS);
	int64_t pid = backend();
	signals = 0;
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	db_queue(&tx, &trouble_sleep, A(200));
	enum err err = tx_commit(&tx);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(err, E_OK);
	assert_true(signals > 10);
	assert_int_equal(kept(), 1);
	assert_int_equal(backend(), pid);
}

static void a_notify_wakes_and_silence_ends_in_time(void **state)
{
	struct tx tx;

	(void)state;
	limit(FOR_EVER_MS);
	tx_begin(&tx, db, mem, TX_NONE);
	assert_int_equal(db_run(&tx, &trouble_listen), E_OK);
	int64_t start = clock_ms();
	assert_false(db_wait_notify(db, 100));
	int64_t took = clock_ms() - start;
	assert_true(took >= 95 && took < SHORT_MS);

	say(other, "NOTIFY db_trouble");
	start = clock_ms();
	assert_true(db_wait_notify(db, FOR_EVER_MS));
	assert_true(clock_ms() - start < FOR_EVER_MS / 2);
	say(other, "NOTIFY db_trouble_other");
	assert_false(db_wait_notify(db, 50));

	say(other, "NOTIFY db_trouble"); /* it may come with another answer */
	backend();
	assert_true(db_wait_notify(db, FOR_EVER_MS));
	assert_false(db_wait_notify(db, 0));
}

static void waiting_on_a_connection_that_is_lost_ends_at_once(void **state)
{
	struct tx tx;

	(void)state;
	limit(FOR_EVER_MS);
	tx_begin(&tx, db, mem, TX_NONE);
	assert_int_equal(db_run(&tx, &trouble_listen), E_OK);
	int64_t start = clock_ms(), pid = backend();
	say(other, arena_printf(mem, "SELECT pg_terminate_backend(%lld)", (long long)pid));
	assert_false(db_wait_notify(db, FOR_EVER_MS));
	assert_true(clock_ms() - start < FOR_EVER_MS / 2);
	db_drop(db);
	assert_false(db_wait_notify(db, FOR_EVER_MS));
	assert_true(clock_ms() - start < FOR_EVER_MS / 2);
}

static int begin(void **state)
{
	store_begin(state);
	say(owner, "DROP TABLE IF EXISTS db_trouble");
	say(owner, "CREATE TABLE db_trouble (n bigint)");
	say(owner, "GRANT SELECT ON db_trouble TO zx");
	return 0;
}

static int end(void **state)
{
	only_read(false);
	say(owner, "DROP TABLE db_trouble");
	return store_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slow_statement_is_given_up_by_the_server),
		TEST(each_statement_has_its_own_time),
		TEST(who_waits_too_long_for_a_lock_is_told_to_try_again),
		TEST(who_waits_for_a_rivals_row_gets_his_outcome),
		TEST(the_victim_of_a_deadlock_is_told_to_try_again),
		TEST(prepared_statements_that_are_gone_are_made_again),
		TEST(a_plan_that_a_migration_made_stale_is_made_again),
		TEST(who_is_refused_as_read_only_connects_anew),
		TEST(of_several_hosts_one_that_takes_writes_is_found),
		TEST(signals_do_not_break_a_connection),
		TEST(a_notify_wakes_and_silence_ends_in_time),
		TEST(waiting_on_a_connection_that_is_lost_ends_at_once),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
