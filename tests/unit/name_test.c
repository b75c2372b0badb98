#include "test.h"

#include "account/name.h"

static void what_shows_something_is_a_name(void **state)
{
	(void)state;
	static const char *const good[] = {"小", "a b", "Ünïcödé", "羽毛球🏸",
		"👩‍👧", "\xe3\x80\x80王", "O'Neil", "<b>", "𠮷野家"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!name_plain(good[i]))
			fail_msg("%s is refused", good[i]);
}

static void what_shows_nothing_is_none(void **state)
{
	(void)state;
	static const char *const blank[] = {"", " ", "\xc2\xa0", "\xe3\x80\x80 ",
		"\xe2\x80\x8b\xe2\x80\x8d", "\xe2\x81\xa0"};

	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++)
		assert_false(name_plain(blank[i]));
}

static void what_hides_something_is_none(void **state)
{
	(void)state;
	static const char *const tricks[] = {"a\nb", "a\tb", "a\x01", "\x7fz", "a\xc2\x85",
		"a\xe2\x80\xa8z", "a\xe2\x80\xaez", "\xe2\x81\xa6z", "\xe2\x80\x8fz",
		"\xef\xbb\xbfz", "\xd8\x9cz"};

	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++)
		assert_false(name_plain(tricks[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shows_something_is_a_name),
		cmocka_unit_test(what_shows_nothing_is_none),
		cmocka_unit_test(what_hides_something_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
