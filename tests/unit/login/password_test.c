#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "login/password.h"

#include <string.h>
#include <time.h>

static int begin(void **state)
{
	(void)state;
	settings.password_cost = 1;
	return 0;
}

static void a_password_matches_its_own_hash_only(void **state)
{
	(void)state;
	const char *hash = password_hash(mem, "球馆 correct horse");

	assert_non_null(hash);
	assert_memory_equal(hash, "$y$", 3);
	assert_true(password_matches(hash, "球馆 correct horse"));
	assert_false(password_matches(hash, "球馆 correct horsf"));
	assert_false(password_matches(hash, "球馆 correct hors"));
	assert_false(password_matches(hash, ""));
}

static void the_same_password_hashes_differently_each_time(void **state)
{
	(void)state;
	assert_string_not_equal(password_hash(mem, "same"), password_hash(mem, "same"));
}

static void hashes_that_are_none_never_match(void **state)
{
	(void)state;
	static const char *const none[] = {
		"", "*", "*0", "*1", "!", "x", "$y$", "$y$j9T$", "$nosuch$abc$def", "plain"};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_false(password_matches(none[i], "*0"));
		assert_false(password_matches(none[i], none[i]));
		assert_false(password_matches(none[i], ""));
	}
}

static void a_cut_hash_does_not_match(void **state)
{
	(void)state;
	char *hash = arena_strdup(mem, password_hash(mem, "secret"));

	hash[strlen(hash) - 1] = '\0';
	assert_false(password_matches(hash, "secret"));
}

static void length_ends_at_511_bytes(void **state)
{
	(void)state;
	char longest[PASSWORD_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[PASSWORD_MAX] = '\0';
	const char *hash = password_hash(mem, longest);
	assert_true(password_matches(hash, longest));
	longest[PASSWORD_MAX] = 'a';
	longest[PASSWORD_MAX + 1] = '\0';
	assert_null(password_hash(mem, longest));
	assert_false(password_matches(hash, longest));
}

/* The median of five, in milliseconds of our own, whoever else is at work. */
static int64_t time_of(const char *hash, const char *plain)
{
	int64_t each[5], took;

	for (size_t i = 0; i < 5; i++) {
		clock_t start = clock();
		(void)password_matches(hash, plain);
		took = (clock() - start) * 1000 / CLOCKS_PER_SEC;
		size_t at = i;
		for (; at > 0 && each[at - 1] > took; at--)
			each[at] = each[at - 1];
		each[at] = took;
	}
	return each[2];
}

static void an_unknown_user_costs_as_much_as_a_known_one(void **state)
{
	(void)state;
	settings.password_cost = 5;
	const char *hash = password_hash(mem, "known");
	int64_t known = time_of(hash, "guess");

	(void)password_matches(NULL, "warm up"); /* makes the decoy, once */
	int64_t unknown = time_of(NULL, "guess");
	assert_false(password_matches(NULL, "guess"));
	assert_true(known > 0 && unknown > 0);
	assert_true(unknown < 3 * known + 5 && known < 3 * unknown + 5);
	settings.password_cost = 1;
}

/* The decoy was made at cost 5 by the test before. */
static void a_hash_is_current_by_its_method_and_cost(void **state)
{
	(void)state;
	static const char *const others[] = {"$y$j9S$abc$def", "$y$j9Tx$abc", "$2b$10$abc",
		"$6$abc$def", "$y$j9T", "$y$", "", "*"};

	assert_false(password_hash_current(password_hash(mem, "secret")));
	settings.password_cost = 5;
	assert_true(password_hash_current(password_hash(mem, "secret")));
	settings.password_cost = 1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(password_hash_current(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_user_costs_as_much_as_a_known_one),
		cmocka_unit_test(a_hash_is_current_by_its_method_and_cost),
		cmocka_unit_test(a_password_matches_its_own_hash_only),
		cmocka_unit_test(the_same_password_hashes_differently_each_time),
		cmocka_unit_test(hashes_that_are_none_never_match),
		cmocka_unit_test(a_cut_hash_does_not_match),
		cmocka_unit_test(length_ends_at_511_bytes),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
