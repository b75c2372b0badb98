#include "base/settings.h"
#include "login/refresh.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Refresh tokens as texts: what is written can be read, and nothing else. */

static const char key_file[] = "/tmp/zx-refresh-key.XXXXXX";

static int begin(void **state)
{
	static char path[sizeof(key_file)];

	(void)state;
	memcpy(path, key_file, sizeof(path));
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
	close(fd);
	settings.refresh_key_file = path;
	refresh_init();
	unlink(path);
	return 0;
}

static void what_is_written_can_be_read(void **state)
{
	static const int64_t numbers[] = {1, 2, 255, 256, 65536, 1LL << 40, ID_MAX};
	struct refresh_parts p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		for (size_t j = 0; j < COUNT_OF(numbers); j++) {
			const char *token = refresh_write(mem, numbers[i], numbers[j], "salt");
			assert_true(strlen(token) < REFRESH_TEXT_MAX);
			assert_true(refresh_read(mem, token, &p));
			assert_int_equal(p.session_id, numbers[i]);
			assert_int_equal(p.generation, numbers[j]);
		}
}

static void session_generation_and_salt_all_count(void **state)
{
	const char *made[] = {
		refresh_write(mem, 7, 1, "salt"),
		refresh_write(mem, 8, 1, "salt"),
		refresh_write(mem, 7, 2, "salt"),
		refresh_write(mem, 7, 1, "sal"),
		refresh_write(mem, 71, 1, "salt"),
		refresh_write(mem, 7, 11, "salt"),
	};
	struct refresh_parts a, b;

	(void)state;
	assert_string_equal(made[0], refresh_write(mem, 7, 1, "salt"));
	for (size_t i = 0; i < COUNT_OF(made); i++)
		for (size_t j = 0; j < i; j++) {
			assert_true(refresh_read(mem, made[i], &a));
			assert_true(refresh_read(mem, made[j], &b));
			assert_memory_not_equal(a.mac, b.mac, sizeof(a.mac));
		}
}

static void other_texts_are_none(void **state)
{
	const char *good = refresh_write(mem, 7, 1, "salt");
	const char *wrong[] = {
		"",
		"zxr_",
		good + 1,
		good + 4,
		arena_printf(mem, "%sA", good),
		arena_printf(mem, "%.*s", (int)strlen(good) - 1, good),
		arena_printf(mem, "%s=", good),
		arena_printf(mem, "ZXR_%s", good + 4),
		arena_printf(mem, "%.20s+%s", good, good + 21),
		"zxr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"zxr_________________________________________________________________",
	};
	struct refresh_parts p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (refresh_read(mem, wrong[i], &p))
			fail_msg("taken: %s", wrong[i]);
}

static void an_agent_is_kept_as_a_digest(void **state)
{
	const char *none = agent_digest(mem, NULL);

	(void)state;
	assert_string_equal(none, agent_digest(mem, ""));
	assert_string_not_equal(none, agent_digest(mem, "curl"));
	assert_int_equal(strlen(none), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(session_generation_and_salt_all_count),
		cmocka_unit_test(other_texts_are_none),
		cmocka_unit_test(an_agent_is_kept_as_a_digest),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
