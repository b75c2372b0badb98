/* What people write for others to read. */
#include "test.h"

#include "base/err.h"
#include "base/json.h"
#include "base/plain.h"

#include <string.h>

static void what_shows_something_is_plain(void **state)
{
	(void)state;
	static const char *const good[] = {"小", "a b", "Ünïcödé", "羽毛球🏸",
		"👩‍👧", "\xe3\x80\x80王", "O'Neil", "<b>", "𠮷野家", "❤️",
		"می‌خواهم", "1 号场（东）",
		"🏴\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf"};

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		if (!text_plain(good[i], PLAIN_LINE) || !text_plain(good[i], PLAIN_LINES))
			fail_msg("%s is refused", good[i]);
	}
}

static void what_shows_nothing_is_not(void **state)
{
	(void)state;
	static const char *const blank[] = {"", " ", "\xc2\xa0", "\xe3\x80\x80 ",
		"\xe2\x80\x8b\xe2\x80\x8d", "\xe2\x81\xa0", "\xe3\x85\xa4", "\xe2\xa0\x80",
		"\xef\xb8\x8f", "\xef\xbe\xa0", "\xe1\x9a\x80"};

	for (size_t i = 0; i < COUNT_OF(blank); i++) {
		assert_false(text_plain(blank[i], PLAIN_LINE));
		assert_false(text_plain(blank[i], PLAIN_LINES));
	}
	assert_false(text_plain("\n \n", PLAIN_LINES));
}

static void what_hides_something_is_not(void **state)
{
	(void)state;
	static const char *const tricks[] = {"a\tb", "a\x01", "\x7fz", "a\x1b[31m", "a\r\nb",
		"a\xc2\x85", "a\xc2\xadz", "a\xe2\x80\xa8z", "a\xe2\x80\xa9z", "a\xe2\x80\xaez",
		"a\xe2\x80\x8bz", "a\xe2\x81\xa0z", "\xe2\x81\xa6z", "\xe2\x80\x8fz",
		"\xef\xbb\xbfz", "\xd8\x9cz", "\xe1\xa0\x8ez", "\xef\xbf\xb9z",
		"\xf3\xa0\x80\x81z", "\xff"};

	for (size_t i = 0; i < COUNT_OF(tricks); i++) {
		assert_false(text_plain(tricks[i], PLAIN_LINE));
		assert_false(text_plain(tricks[i], PLAIN_LINES));
	}
}

static void a_note_has_lines_and_a_name_has_none(void **state)
{
	(void)state;
	assert_true(text_plain("第一行\n第二行", PLAIN_LINES));
	assert_false(text_plain("第一行\n第二行", PLAIN_LINE));
}

static void any_other_text_is_not_looked_at(void **state)
{
	(void)state;
	assert_true(text_plain(" ", PLAIN_ANY) && text_plain("\x1b\t", PLAIN_ANY));
}

struct paper {
	const char *name, *note, *code;
};
static const struct field paper_fields[] = {
	FIELD(struct paper, name, .plain = PLAIN_LINE, .optional = true, .max = 9),
	FIELD(struct paper, note, .plain = PLAIN_LINES, .optional = true, .max = 9),
	FIELD(struct paper, code, .optional = true, .max = 9),
};
static const struct shape paper_shape = SHAPE(struct paper, paper_fields);

static void a_shape_reads_it_by_its_fields_rule(void **state)
{
	(void)state;
	static const struct {
		const char *json, *field; /* NULL: taken */
	} cases[] = {
		{"{\"name\":\"a b\",\"note\":\"a\\nb\",\"code\":\"\\t\"}", NULL},
		{"{\"name\":\"a\\nb\"}", "name"},
		{"{\"name\":\" \"}", "name"},
		{"{\"note\":\"a\\tb\"}", "note"},
		{"{\"note\":\"\\n\"}", "note"},
		{"{\"name\":null,\"note\":null}", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct json_fault fault = {0};
		struct paper paper;
		enum err err = json_load(mem, cases[i].json, strlen(cases[i].json),
			&paper_shape, JSON_STRICT, &paper, &fault);

		assert_int_equal(err, cases[i].field ? E_BAD_FIELD : E_OK);
		if (cases[i].field)
			assert_string_equal(fault.field, cases[i].field);
	}
	struct paper paper;
	char turned[] = "\xe2\x80\xae";
	assert_int_equal(field_read_text(&paper_fields[0], turned, &paper), E_BAD_FIELD);
	assert_int_equal(field_read_text(&paper_fields[2], turned, &paper), E_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shows_something_is_plain),
		cmocka_unit_test(what_shows_nothing_is_not),
		cmocka_unit_test(what_hides_something_is_not),
		cmocka_unit_test(a_note_has_lines_and_a_name_has_none),
		cmocka_unit_test(any_other_text_is_not_looked_at),
		cmocka_unit_test(a_shape_reads_it_by_its_fields_rule),
	};

	return RUN_TESTS(tests);
}
