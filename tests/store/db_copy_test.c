/* Many rows by COPY: all of them or none, told truly, in the same memory. */
#include "store.h"

#include "db/copy.h"
#include "proxy.h"

#include <sys/resource.h>

enum { SHORT_MS = 500, LONG_MS = 20000, MANY = 300000, TEXT = 200, MEMORY_KB = 8 * 1024 };

static const char *const into = "COPY reconcile_line FROM STDIN (FORMAT binary)";
static struct proxy proxy;
static const char *through; /* the proxy, as conninfo */

static int64_t stored(void)
{
	return count(other,
		arena_printf(mem, "SELECT count(*) FROM reconcile_line WHERE load = %lld",
			(long long)mine));
}

static enum err row(struct db_copy *c, int64_t number, const char *text)
{
	return copy_row(c, A(mine), A(number), A("payment"), A((stamp){1}), A(text), A(""),
		A((const char *)NULL), A("逗号,\t\\N\n"), A((money){-5}));
}

static void what_is_copied_is_what_was_said(void **state)
{
	struct db_copy *c = copy_begin(mem, settings.db, into);

	(void)state;
	assert_non_null(c);
	assert_int_equal(row(c, 1, "a"), E_OK);
	assert_int_equal(row(c, INT64_MAX, NULL), E_OK);
	assert_int_equal(stored(), 0); /* not before the end */
	assert_int_equal(copy_end(c), E_OK);
	assert_string_equal(
		say(other,
			arena_printf(mem,
				"SELECT string_agg(t::text, ' ' ORDER BY number) FROM"
				" (SELECT number, kind, at AT TIME ZONE 'UTC', our_no, their_no,"
				" trade_no, word = E'逗号,\\t\\\\N\\n', fen"
				" FROM reconcile_line WHERE load = %lld) t",
				(long long)mine)),
		"(1,payment,\"1970-01-01 00:00:00.000001\",a,\"\",,t,-5)"
		" (9223372036854775807,payment,\"1970-01-01 00:00:00.000001\",,\"\",,t,-5)");
}

static void no_rows_are_fine(void **state)
{
	struct db_copy *c = copy_begin(mem, settings.db, into);

	(void)state;
	assert_non_null(c);
	assert_int_equal(copy_end(c), E_OK);
	assert_int_equal(stored(), 0);
}

static void what_is_dropped_is_not_stored_and_holds_no_lock(void **state)
{
	struct db_copy *c = copy_begin(mem, settings.db, into);

	(void)state;
	assert_non_null(c);
	for (int i = 0; i < 5000; i++) /* more than one piece */
		assert_int_equal(row(c, i, "dropped"), E_OK);
	copy_drop(c);
	assert_int_equal(row(c, 1, "a"), E_INTERNAL);
	assert_int_equal(copy_end(c), E_INTERNAL);
	say(other, "SET lock_timeout = '5s'");
	say(other, "TRUNCATE reconcile_line");
	assert_int_equal(stored(), 0);
}

static void a_row_that_does_not_fit_stores_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct db_copy *c = copy_begin(mem, settings.db, into);

		assert_non_null(c);
		assert_int_equal(row(c, 1, "a"), E_OK);
		if (i == 0) /* too few columns, or NULL where there must be one */
			assert_int_equal(copy_row(c, A(mine)), E_OK);
		else
			assert_int_equal(
				copy_row(c, A(mine), A(arg_id_or_null(0)), A("x"),
					A((stamp){0}), A(""), A(""), A(""), A(""), A(1)),
				E_OK);
		assert_int_equal(copy_end(c), E_INTERNAL);
		assert_int_equal(stored(), 0);
	}
}

static void what_can_not_begin_says_so(void **state)
{
	(void)state;
	assert_null(copy_begin(mem, "host=/nonexistent dbname=zx", into));
	assert_null(copy_begin(mem, settings.db, "COPY nosuch FROM STDIN"));
	assert_null(copy_begin(mem, settings.db, "COPY reconcile_line TO STDOUT"));
	assert_null(copy_begin(mem, settings.db, "SELECT 1"));
}

static void a_loss_on_the_way_stores_nothing(void **state)
{
	struct db_copy *c = copy_begin(mem, through, into);
	enum err err = E_OK;

	(void)state;
	assert_non_null(c);
	assert_int_equal(row(c, 1, "a"), E_OK);
	proxy_fault(&proxy, CUT_QUESTION);
	for (int n = 0; n < MANY && err == E_OK; n++)
		err = row(c, n, "lost");
	assert_int_equal(err, E_DB_DOWN);
	assert_int_equal(copy_end(c), E_DB_DOWN);
	assert_int_equal(stored(), 0);
}

static void a_server_that_takes_no_more_is_given_up(void **state)
{
	struct db_copy *c = copy_begin(mem, through, into);
	enum err err = E_OK;

	(void)state;
	assert_non_null(c);
	settings.db_timeout_ms = SHORT_MS;
	kill(proxy.child, SIGSTOP);
	for (int n = 0; n < MANY && err == E_OK; n++)
		err = row(c, n, "stuck");
	assert_int_equal(err, E_DB_DOWN);
	copy_drop(c);
	kill(proxy.child, SIGCONT);
	settings.db_timeout_ms = LONG_MS;
	for (int n = 0; n < 5; n++, usleep(1000))
		assert_int_equal(stored(), 0);
}

static void a_loss_at_the_end_is_unknown(void **state)
{
	static const struct {
		enum fault fault;
		int64_t stored;
	} cases[] = {{CUT_QUESTION, 0}, {CUT_ANSWER, 1}, {MUTE, 1}};
	int64_t all = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct db_copy *c = copy_begin(mem, through, into);

		assert_non_null(c);
		assert_int_equal(row(c, 1, "a"), E_OK);
		proxy_fault(&proxy, cases[i].fault);
		settings.db_timeout_ms = cases[i].fault == MUTE ? SHORT_MS : LONG_MS;
		assert_int_equal(copy_end(c), E_UNKNOWN);
		all += cases[i].stored;
		for (int n = 0; n < 400 && stored() != all; n++)
			usleep(5000);
		assert_int_equal(stored(), all);
	}
	settings.db_timeout_ms = LONG_MS;
}

/* Sixty megabytes of rows pass through. */
static void memory_does_not_grow_with_the_rows(void **state)
{
	struct db_copy *c = copy_begin(mem, settings.db, into);
	struct rusage before, after;
	char text[TEXT + 1];

	(void)state;
	assert_non_null(c);
	memset(text, 'x', TEXT);
	text[TEXT] = '\0';
	for (int i = 0; i < MANY / 10; i++)
		assert_int_equal(row(c, i, text), E_OK);
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(row(c, i, text), E_OK);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(copy_end(c), E_OK);
	assert_int_equal(stored(), MANY + MANY / 10);
	assert_true(after.ru_maxrss - before.ru_maxrss < MEMORY_KB);
}

static int clean(void **state)
{
	(void)state;
	say(owner, "TRUNCATE reconcile_line");
	return 0;
}

static int begin(void **state)
{
	store_begin(state);
	settings.db_timeout_ms = LONG_MS;
	proxy_start(&proxy, other);
	through = arena_printf(mem, "%s host=%s port=5432", settings.db, proxy.folder);
	return 0;
}

static int end(void **state)
{
	proxy_stop(&proxy);
	clean(state);
	return store_end(state);
}

#define COPY_TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
	const struct CMUnitTest tests[] = {
		COPY_TEST(what_is_copied_is_what_was_said),
		COPY_TEST(no_rows_are_fine),
		COPY_TEST(what_is_dropped_is_not_stored_and_holds_no_lock),
		COPY_TEST(a_row_that_does_not_fit_stores_nothing),
		COPY_TEST(what_can_not_begin_says_so),
		COPY_TEST(a_loss_on_the_way_stores_nothing),
		COPY_TEST(a_server_that_takes_no_more_is_given_up),
		COPY_TEST(a_loss_at_the_end_is_unknown),
		COPY_TEST(memory_does_not_grow_with_the_rows),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
