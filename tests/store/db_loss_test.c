/* Lost connections: what is said about a transaction must be true. E_DB_DOWN
 * promises that nothing is stored; E_UNKNOWN promises nothing. */
#include "store.h"

#include "proxy.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

static struct proxy proxy;
static struct db *through; /* the proxy */
enum { SHORT_MS = 500, LONG_MS = 3000 };

/* Until the process is gone, and with it its end of the connection. */
static void terminate(int64_t pid)
{
	say(other, arena_printf(mem, "SELECT pg_terminate_backend(%lld)", (long long)pid));
	for (int i = 0; kill((pid_t)pid, 0) == 0 || errno != ESRCH; i++) {
		assert_true(i < 10000);
		usleep(1000);
	}
}

static void assert_works(struct db *on)
{
	struct tx tx;
	struct number pid;

	tx_begin(&tx, on, mem, TX_WRITE);
	assert_int_equal(db_one(&tx, &test_pid, &number_shape, &pid), E_OK);
	keep(&tx, "works");
	assert_int_equal(tx_commit(&tx), E_OK);
	say(other, arena_printf(mem,
			   "DELETE FROM idempotency WHERE account_id = %lld AND key = 'works'",
			   (long long)mine));
}

static void a_server_that_is_not_there_is_down(void **state)
{
	struct db *nowhere = db_new("host=/nonexistent dbname=zx", "test");
	struct number n;
	struct tx tx;

	(void)state;
	int64_t start = clock_ms();
	tx_begin(&tx, nowhere, mem, TX_READ);
	assert_int_equal(db_one(&tx, &test_pid, &number_shape, &n), E_DB_DOWN);
	tx_rollback(&tx);
	tx_begin(&tx, nowhere, mem, TX_WRITE);
	keep(&tx, "a");
	assert_int_equal(tx_commit(&tx), E_DB_DOWN); /* never sent, so not unknown */
	tx_rollback(&tx);
	assert_true(clock_ms() - start < 1000);
	db_free(nowhere);
}

/* It is found out before anything is sent, so nobody is told. */
static void an_idle_connection_that_died_is_replaced(void **state)
{
	int64_t pid = backend();
	struct number n;
	struct tx tx;

	(void)state;
	terminate(pid);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &test_pid, &number_shape, &n), E_OK);
	assert_true(n.n != pid);

	terminate(n.n);
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	assert_int_equal(db_sync(&tx), E_OK);
	tx_rollback(&tx);
	assert_int_equal(kept(), 0);
	assert_works(db);
}

static void a_single_batch_finds_a_dead_connection_too(void **state)
{
	struct tx tx;

	(void)state;
	terminate(backend());
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	assert_int_equal(tx_commit(&tx), E_OK);
	assert_int_equal(kept(), 1);
	assert_works(db);
}

static void a_backend_that_dies_in_a_transaction_stores_nothing(void **state)
{
	struct tx tx;
	int64_t pid = backend();

	(void)state;
	tx_begin(&tx, db, mem, TX_WRITE);
	keep(&tx, "a");
	assert_int_equal(db_sync(&tx), E_OK);
	terminate(pid);
	keep(&tx, "b");
	assert_int_equal(db_sync(&tx), E_DB_DOWN);
	tx_rollback(&tx);
	assert_int_equal(kept(), 0);
	assert_works(db);
}

/* Whoever overlooks the loss must not be told that all is well. */
static void what_lost_its_connection_cannot_be_committed(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct tx tx;

		assert_works(through);
		tx_begin(&tx, through, mem, TX_WRITE);
		keep(&tx, "a");
		assert_int_equal(db_sync(&tx), E_OK);
		proxy_fault(&proxy, CUT_ANSWER);
		keep(&tx, "b");
		assert_int_equal(db_sync(&tx), E_DB_DOWN);
		if (more)
			keep(&tx, "c");
		assert_int_equal(tx_commit(&tx), E_INTERNAL);
		tx_rollback(&tx);
		assert_int_equal(kept(), 0);
	}
}

SQL(loss_slow_insert, "INSERT INTO db_loss_slow VALUES ($1)");

/* A child ends the backend while its COMMIT runs: in a deferred trigger. */
static void end_during_commit(int64_t pid)
{
	PGconn *own = connection("ZX_DB");
	const char *sql = arena_printf(mem,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %lld"
		" AND query = 'COMMIT' AND wait_event = 'PgSleep'",
		(long long)pid);

	for (int i = 0; i < 400; i++) {
		PGresult *res = PQexec(own, sql);
		if (PQntuples(res) == 1)
			_exit(0);
		PQclear(res);
		usleep(5000);
	}
	_exit(1);
}

static void a_backend_that_dies_in_commit_leaves_it_unknown(void **state)
{
	struct tx tx;
	int status = -1;

	(void)state;
	settings.db_timeout_ms = LONG_MS;
	db_drop(db);
	int64_t pid = backend();
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &loss_slow_insert, A(mine));
	keep(&tx, "a");
	assert_int_equal(db_sync(&tx), E_OK);
	pid_t child = fork();
	if (child == 0)
		end_during_commit(pid);
	assert_int_equal(tx_commit(&tx), E_UNKNOWN);
	tx_rollback(&tx);
	settings.db_timeout_ms = SHORT_MS;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(kept(), 0); /* this time it was not stored */
	assert_works(db);
}

/* clang-format off */
static const struct {
	const char *says;
	enum fault fault;
	bool commit, one_batch;
	enum err err;
	int64_t stored;
} losses[] = {
	{ "the question of a batch is lost", CUT_QUESTION, false, false, E_DB_DOWN, 0 },
	{ "the answer to a batch is lost", CUT_ANSWER, false, false, E_DB_DOWN, 0 },
	{ "the server is silent", MUTE, false, false, E_DB_DOWN, 0 },
	{ "COMMIT is lost on its way", CUT_QUESTION, true, false, E_UNKNOWN, 0 },
	{ "the answer to COMMIT is lost", CUT_ANSWER, true, false, E_UNKNOWN, 2 },
	{ "COMMIT is not answered", MUTE, true, false, E_UNKNOWN, 2 },
	{ "all in one batch, lost on its way", CUT_QUESTION, true, true, E_UNKNOWN, 0 },
	{ "all in one batch, the answer is lost", CUT_ANSWER, true, true, E_UNKNOWN, 2 },
	{ "all in one batch, not answered", MUTE, true, true, E_UNKNOWN, 2 },
};
/* clang-format on */

static void what_is_lost_on_the_wire_is_told_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(losses); i++) {
		int64_t before = kept();
		struct tx tx;

		assert_works(through);
		tx_begin(&tx, through, mem, TX_WRITE);
		keep(&tx, arena_printf(mem, "a%zu", i));
		if (!losses[i].one_batch)
			assert_int_equal(db_sync(&tx), E_OK);
		proxy_fault(&proxy, losses[i].fault);
		keep(&tx, arena_printf(mem, "b%zu", i));
		int64_t start = clock_ms();
		enum err err = losses[i].commit ? tx_commit(&tx) : db_sync(&tx);
		int64_t took = clock_ms() - start;
		tx_rollback(&tx);
		if (err != losses[i].err)
			fail_msg("%s: %s", losses[i].says, err_info[err].code);
		if (kept() - before != losses[i].stored)
			fail_msg("%s: %lld are stored", losses[i].says,
				(long long)(kept() - before));
		if (took > settings.db_timeout_ms + 1000)
			fail_msg("%s: told after %lld ms", losses[i].says, (long long)took);
		assert_works(through);
	}
}

static void a_reading_transaction_is_never_unknown(void **state)
{
	static const enum fault faults[] = {CUT_QUESTION, CUT_ANSWER, MUTE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct number n;
		struct tx tx;

		assert_works(through);
		proxy_fault(&proxy, faults[i]);
		tx_begin(&tx, through, mem, TX_READ);
		db_ask_one(&tx, &test_pid, &number_shape, &n, E_NOT_FOUND);
		assert_int_equal(tx_commit(&tx), E_DB_DOWN);
		tx_rollback(&tx);
	}
	assert_works(through);
}

static int begin(void **state)
{
	store_begin(state);
	say(owner, "DROP TABLE IF EXISTS db_loss_slow");
	say(owner, "CREATE TABLE db_loss_slow (n bigint)");
	say(owner,
		"CREATE OR REPLACE FUNCTION db_loss_sleep() RETURNS trigger LANGUAGE plpgsql AS"
		" 'BEGIN PERFORM pg_sleep(2); RETURN NULL; END'");
	say(owner,
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON db_loss_slow"
		" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION db_loss_sleep()");
	say(owner, "GRANT INSERT ON db_loss_slow TO zx");
	settings.db_timeout_ms = SHORT_MS;
	proxy_start(&proxy, other);
	through = db_new(
		arena_printf(mem, "%s host=%s port=5432", settings.db, proxy.folder), "test");
	return 0;
}

static int end(void **state)
{
	db_free(through);
	proxy_stop(&proxy);
	say(owner, "DROP TABLE db_loss_slow");
	say(owner, "DROP FUNCTION db_loss_sleep");
	return store_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_is_not_there_is_down),
		TEST(an_idle_connection_that_died_is_replaced),
		TEST(a_single_batch_finds_a_dead_connection_too),
		TEST(a_backend_that_dies_in_a_transaction_stores_nothing),
		TEST(what_lost_its_connection_cannot_be_committed),
		TEST(a_backend_that_dies_in_commit_leaves_it_unknown),
		TEST(what_is_lost_on_the_wire_is_told_by_the_table),
		TEST(a_reading_transaction_is_never_unknown),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
