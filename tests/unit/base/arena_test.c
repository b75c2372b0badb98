/* Memory that is freed all at once. */
#include "test.h"

#include "base/arena.h"
#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool all_bytes_are(const char *at, size_t n, char what)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] != what)
			return false;
	return true;
}

static void memory_is_zero_also_when_used_again(void **state)
{
	struct arena *a = arena_new(256);

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (size_t n = 1; n < 600; n += 37) {
			char *at = arena_alloc(a, n, 1);

			assert_true(all_bytes_are(at, n, 0));
			memset(at, 0x5a, n);
		}
		arena_reset(a);
	}
	arena_free(a);
}

static void pieces_are_aligned_and_apart(void **state)
{
	enum { PIECES = 500 };
	struct arena *a = arena_new(64);
	char *at[PIECES];
	size_t size[PIECES];

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		size_t align = (size_t)1 << i % 5;

		size[i] = i * 7 % 90 + 1;
		at[i] = arena_alloc(a, size[i], align);
		assert_int_equal((uintptr_t)at[i] % align, 0);
		memset(at[i], (char)(i % 100), size[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		assert_true(all_bytes_are(at[i], size[i], (char)(i % 100)));
	arena_free(a);
}

static void a_piece_may_be_larger_than_any_block(void **state)
{
	struct arena *a = arena_new(16);

	(void)state;
	char *small = arena_strdup(a, "before");
	char *large = arena_alloc(a, 1 << 20, 16);
	memset(large, 1, 1 << 20);
	assert_string_equal(small, "before");
	assert_string_equal(arena_strdup(a, "behind"), "behind");
	assert_true(all_bytes_are(large, 1 << 20, 1));
	arena_free(a);
}

static void a_first_block_of_no_bytes_is_a_block(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_non_null(arena_alloc(a, 0, 1));
	for (int i = 0; i < 100; i++)
		assert_string_equal(arena_printf(a, "%d", 7), "7");
	arena_reset(a);
	assert_string_equal(arena_strdup(a, ""), "");
	arena_free(a);
}

/* The same memory serves every request; it does not creep. */
static void after_a_reset_the_same_bytes_are_given_again(void **state)
{
	struct arena *a = arena_new(64);

	(void)state;
	for (int i = 0; i < 100; i++)
		arena_alloc(a, 100, 8);
	arena_reset(a);
	char *first = arena_alloc(a, 100, 8);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 40; i++)
			arena_alloc(a, 100, 8);
		arena_reset(a);
		assert_ptr_equal(arena_alloc(a, 100, 8), first);
	}
	arena_free(a);
}

static char log_of_calls[100];

static void note(void *what)
{
	size_t n = strlen(log_of_calls);

	log_of_calls[n] = *(const char *)what;
	log_of_calls[n + 1] = '\0';
}

static void deferred_calls_run_newest_first_and_once(void **state)
{
	struct arena *a = arena_new(32);
	char one = '1', two = '2', three = '3';

	(void)state;
	log_of_calls[0] = '\0';
	arena_defer(a, note, &one);
	arena_alloc(a, 1000, 8);
	arena_defer(a, note, &two);
	arena_defer(a, note, &three);
	assert_string_equal(log_of_calls, "");
	arena_reset(a);
	assert_string_equal(log_of_calls, "321");
	arena_reset(a);
	assert_string_equal(log_of_calls, "321");
	arena_defer(a, note, &one);
	arena_free(a);
	assert_string_equal(log_of_calls, "3211");
}

/* What a deferred call gets may live in the arena itself. */
static void deferred_calls_still_see_the_arenas_memory(void **state)
{
	struct arena *a = arena_new(16);

	(void)state;
	log_of_calls[0] = '\0';
	for (int c = 'a'; c <= 'z'; c++) {
		char *mine = NEW(a, char);

		*mine = (char)c;
		arena_alloc(a, 500, 8);
		arena_defer(a, note, mine);
	}
	arena_free(a);
	assert_string_equal(log_of_calls, "zyxwvutsrqponmlkjihgfedcba");
}

static void texts_are_copied_and_printed_whole(void **state)
{
	struct arena *a = arena_new(16);
	char text[5001];

	(void)state;
	memset(text, 'x', 5000);
	text[5000] = '\0';
	char *copy = arena_strdup(a, text), *printed = arena_printf(a, "<%s|%d>", text, -5);
	text[0] = 'y';
	assert_true(copy[0] == 'x' && strlen(copy) == 5000);
	assert_int_equal(strlen(printed), 5005);
	assert_string_equal(printed + 5000, "x|-5>");
	arena_free(a);
}

static void ask_for_too_much(struct arena *a)
{
	NEW_N(a, int64_t, SIZE_MAX / 8 + 2);
}

static void ask_for_half_the_world(struct arena *a)
{
	volatile size_t n = SIZE_MAX / 2;

	arena_alloc(a, n, 1);
}

static void a_size_that_overflows_ends_the_worker(void **state)
{
	static void (*const tries[])(struct arena *) = {
		ask_for_too_much, ask_for_half_the_world};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tries); i++) {
		int status = 0;
		pid_t child = fork();

		if (child == 0) {
			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			tries[i](arena_new(64));
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
	assert_int_equal(array_size(3, 8), 24);
	assert_int_equal(array_size(0, SIZE_MAX), 0);
	assert_true(array_size(SIZE_MAX, 1) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_also_when_used_again),
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(a_piece_may_be_larger_than_any_block),
		cmocka_unit_test(a_first_block_of_no_bytes_is_a_block),
		cmocka_unit_test(after_a_reset_the_same_bytes_are_given_again),
		cmocka_unit_test(deferred_calls_run_newest_first_and_once),
		cmocka_unit_test(deferred_calls_still_see_the_arenas_memory),
		cmocka_unit_test(texts_are_copied_and_printed_whole),
		cmocka_unit_test(a_size_that_overflows_ends_the_worker),
	};

	return RUN_TESTS(tests);
}
