#include "test.h"

#include "base/settings.h"
#include "login/password_rule.h"

#include <string.h>

static int begin(void **state)
{
	(void)state;
	settings.password_min = 10;
	return 0;
}

static void length_is_counted_in_characters(void **state)
{
	(void)state;
	assert_false(password_good("k7fqxm2ta", "wang"));
	assert_true(password_good("k7fqxm2ta9", "wang"));
	assert_false(password_good("紫色的河马爱吃西瓜", "wang")); /* nine, of 27 bytes */
	assert_true(password_good("紫色的河马爱吃大西瓜", "wang"));
	settings.password_min = 15;
	assert_false(password_good("k7fqxm2ta9", "wang"));
	settings.password_min = 10;
}

static void what_many_people_take_is_refused(void **state)
{
	(void)state;
	static const char *const weak[] = {"1234567890", "aaaaaaaaaaaa", "password123",
		"P@ssw0rd123", "qwertyuiop", "1qaz2wsx3edc", "a123456789", "admin123456",
		"13800138000", "19900101199", "abcabcabcabc", "woaini1314520", "5201314520",
		"密码密码密码", "我爱你我爱你我爱你", "iloveyou1314"};

	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (password_good(weak[i], "wang"))
			fail_msg("%s is taken", weak[i]);
}

static void names_of_ours_and_of_the_person_are_refused(void **state)
{
	(void)state;
	static const char *const weak[] = {"wangxin.1990", "WANGXIN.1990", "0991.nixgnaw",
		"wangxin.1990wangxin.1990", "zhixing2026", "Zh1x1ng2026",
		"智形合一智形合一智形合一", "zhixingheyi1"};

	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (password_good(weak[i], "wangxin.1990"))
			fail_msg("%s is taken", weak[i]);
}

static void no_kind_of_character_is_asked_for(void **state)
{
	(void)state;
	static const char *const good[] = {"correct horse battery", "紫色的河马爱吃大西瓜",
		"kein Zeichen muss sein", "quvaxoplimdewk", "83920175648302", "éèéç r7wq0zb"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!password_good(good[i], "wang"))
			fail_msg("%s is refused", good[i]);
}

/* No byte of it is a character, its end cuts one, it is far longer than what is
 * looked at: none of it is read beyond its end. */
static void any_bytes_will_do(void **state)
{
	(void)state;
	char text[512];

	for (size_t n = 0; n < sizeof(text); n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = (char)(1 + (i * 7919 + n * 104729) % 255);
		text[n] = '\0';
		assert_true(password_good(text, "wang") || n < 110);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_counted_in_characters),
		cmocka_unit_test(what_many_people_take_is_refused),
		cmocka_unit_test(names_of_ours_and_of_the_person_are_refused),
		cmocka_unit_test(no_kind_of_character_is_asked_for),
		cmocka_unit_test(any_bytes_will_do),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
