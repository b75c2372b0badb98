/* Ids, in blocks from the database. */
#include "store.h"

enum { CHILDREN = 8, TAKES = 40 };
struct run {
	int64_t first, count;
};

static void take_ids(int out)
{
	struct db *own = db_new(settings.db, "ids");
	struct arena *a = arena_new(4096);

	for (int i = 0; i < TAKES; i++) {
		struct run run = {.count = 1 + (i * 37 + getpid()) % 256};
		struct tx tx;

		tx_begin(&tx, own, a, i % 2 ? TX_READ : TX_WRITE);
		if (ids_take(&tx, (size_t)run.count, &run.first) != E_OK ||
			write(out, &run, sizeof(run)) != sizeof(run))
			_exit(1);
		tx_rollback(&tx); /* ids are not given back */
		arena_reset(a);
	}
	_exit(0);
}

static int by_first(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void ids_never_repeat_whoever_takes_them(void **state)
{
	static struct run runs[CHILDREN * TAKES];
	int pipes[2], status;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			take_ids(pipes[1]);
	close(pipes[1]);
	for (size_t i = 0; i < COUNT_OF(runs); i++)
		assert_int_equal(read(pipes[0], &runs[i], sizeof(runs[i])), sizeof(runs[i]));
	for (int i = 0; i < CHILDREN; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	close(pipes[0]);
	qsort(runs, COUNT_OF(runs), sizeof(runs[0]), by_first);
	assert_true(runs[0].first >= 1024); /* below are the demo's */
	for (size_t i = 1; i < COUNT_OF(runs); i++)
		assert_true(runs[i].first >= runs[i - 1].first + runs[i - 1].count);
}

static void one_process_takes_ids_in_a_row_and_no_more_than_a_block(void **state)
{
	int64_t a, b, c;
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(ids_take(&tx, 256, &a), E_OK);
	assert_int_equal(ids_take(&tx, 10, &a), E_OK);
	assert_int_equal(ids_take(&tx, 240, &b), E_OK);
	assert_int_equal(b, a + 10);
	assert_int_equal(ids_take(&tx, 10, &c), E_OK); /* what is left is too short */
	assert_true(c >= a + 256);
	assert_int_equal(ids_take(&tx, 257, &c), E_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_never_repeat_whoever_takes_them),
		TEST(one_process_takes_ids_in_a_row_and_no_more_than_a_block),
	};

	return RUN_TESTS_BETWEEN(store_begin, tests, store_end);
}
