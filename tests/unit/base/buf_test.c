/* Growing bytes, and JSON written into them. */
#include "test.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"

#include <string.h>

/* clang-format off */
static const struct {
	const char *says, *text, *json;
} escapes[] = {
	{ "plain", "abc", "\"abc\"" },
	{ "nothing", "", "\"\"" },
	{ "a quote", "a\"b", "\"a\\\"b\"" },
	{ "a backslash", "a\\b", "\"a\\\\b\"" },
	{ "both, at the ends", "\"a\\", "\"\\\"a\\\\\"" },
	{ "a line end", "\n", "\"\\u000a\"" },
	{ "a tab", "a\tb", "\"a\\u0009b\"" },
	{ "the lowest control", "\x01", "\"\\u0001\"" },
	{ "the highest control", "\x1f", "\"\\u001f\"" },
	{ "an escape sequence for terminals", "\x1b[31m", "\"\\u001b[31m\"" },
	{ "DEL", "\x7f", "\"\\u007f\"" },
	{ "a slash stays", "</a>", "\"</a>\"" },
	{ "Chinese stays", "球馆", "\"球馆\"" },
	{ "four bytes stay", "🏸", "\"🏸\"" },
	{ "many in a row", "\"\"\"", "\"\\\"\\\"\\\"\"" },
};
/* clang-format on */

static void texts_are_escaped_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(escapes); i++) {
		struct buf b = buf_in(mem, 1000);

		json_text(&b, NULL, escapes[i].text);
		if (strcmp(buf_text(&b), escapes[i].json) != 0)
			fail_msg("%s: %s", escapes[i].says, buf_text(&b));
	}
}

static void every_character_comes_back_through_the_strict_door(void **state)
{
	char text[200];
	size_t n = 0;
	struct buf b = buf_in(mem, 4000);
	struct json_fault fault;
	const cJSON *root = NULL;

	(void)state;
	for (char c = 1; c != 0x7f; c++)
		text[n++] = c;
	memcpy(text + n, "\x7fé球🏸", 10);
	text[n + 10] = '\0';
	json_open(&b, NULL, '[');
	json_text(&b, NULL, text);
	json_close(&b, ']');
	assert_int_equal(json_parse(mem, b.at, b.len, &root, &fault), E_OK);
	assert_string_equal(root->child->valuestring, text);
}

static void names_are_escaped_too(void **state)
{
	struct buf b = buf_in(mem, 100);

	(void)state;
	json_open(&b, NULL, '{');
	json_int(&b, "a\"\n", 1);
	json_close(&b, '}');
	assert_string_equal(buf_text(&b), "{\"a\\\"\\u000a\":1}");
}

static void a_text_with_a_length_may_hold_a_nul(void **state)
{
	struct buf b = buf_in(mem, 100);

	(void)state;
	json_text_n(&b, NULL, "a\0b", 3);
	assert_string_equal(buf_text(&b), "\"a\\u0000b\"");
}

static void numbers_are_written_in_full(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t v;
		const char *text;
	} numbers[] = {
		{ 0, "0" }, { 7, "7" }, { -1, "-1" }, { 10, "10" },
		  { 9007199254740991, "9007199254740991" },
		{ INT64_MAX, "9223372036854775807" }, { INT64_MIN, "-9223372036854775808" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct buf b = buf_in(mem, 100);

		json_int(&b, NULL, numbers[i].v);
		assert_string_equal(buf_text(&b), numbers[i].text);
	}
}

static void commas_stand_between_and_nowhere_else(void **state)
{
	struct buf b = buf_in(mem, 1000);

	(void)state;
	json_open(&b, NULL, '{');
	json_open(&b, "none", '[');
	json_close(&b, ']');
	json_open(&b, "some", '[');
	json_int(&b, NULL, 1);
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_open(&b, NULL, '{');
	json_bool(&b, "t", true);
	json_bool(&b, "f", false);
	json_close(&b, '}');
	json_null(&b, NULL);
	json_close(&b, ']');
	json_raw(&b, "raw", "{\"x\":[]}");
	json_text(&b, "null", NULL);
	json_stamp(&b, "at", (stamp){0});
	json_close(&b, '}');
	assert_string_equal(buf_text(&b),
		"{\"none\":[],\"some\":[1,{},{\"t\":true,\"f\":false},null],"
		"\"raw\":{\"x\":[]},\"null\":null,\"at\":\"1970-01-01T08:00:00+08:00\"}");
}

struct piece {
	int64_t n;
	const char *secret;
};
static const struct field piece_fields[] = {
	FIELD(struct piece, n),
	FIELD(struct piece, secret, .hidden = true),
};
static const struct shape piece_shape = SHAPE(struct piece, piece_fields);
/* clang-format off */
static struct piece pieces[] = { { 1, "s3cret" }, { 2, NULL } };
/* clang-format on */

struct thing {
	int64_t id, parent;
	const char *name, *note;
	bool open;
	stamp at, done;
	date day, until;
	money price, discount;
	raw_json free, none;
	struct list pieces;
};
static const struct field thing_fields[] = {
	FIELD(struct thing, id),
	FIELD(struct thing, parent, .optional = true),
	FIELD(struct thing, name),
	FIELD(struct thing, note, .optional = true),
	FIELD(struct thing, open),
	FIELD(struct thing, at),
	FIELD(struct thing, done, .optional = true),
	FIELD(struct thing, day),
	FIELD(struct thing, until, .optional = true),
	FIELD(struct thing, price),
	FIELD(struct thing, discount, .optional = true),
	FIELD(struct thing, free),
	FIELD(struct thing, none),
	FIELD_AS(struct thing, pieces, "parts", .of = &piece_shape),
};
static const struct shape thing_shape = SHAPE(struct thing, thing_fields);

static void a_bare_thing_has_nulls_where_it_may_and_zeros_where_not(void **state)
{
	struct buf b = buf_in(mem, 1000);
	struct thing bare = {0};

	(void)state;
	json_shape(&b, NULL, &thing_shape, &bare);
	assert_string_equal(buf_text(&b),
		"{\"id\":0,\"parent\":null,\"name\":null,\"note\":null,\"open\":false,"
		"\"at\":\"1970-01-01T08:00:00+08:00\",\"done\":null,\"day\":\"1970-01-01\","
		"\"until\":null,\"price\":0,\"discount\":null,\"free\":null,\"none\":null,"
		"\"parts\":[]}");
}

static void a_full_thing_shows_all_but_what_is_hidden(void **state)
{
	struct buf b = buf_in(mem, 1000);
	/* clang-format off */
	struct thing full = {
		.id = 1, .parent = 2, .name = "球", .note = "n", .open = true, .at = { SECOND },
		.done = { 1 }, .day = { 20000 }, .until = { 1 }, .price = { 100 },
		  .discount = { -1 },
		.free = { "{\"a\":1}" }, .pieces = { pieces, 2 },
	};
	/* clang-format on */

	(void)state;
	json_shape(&b, NULL, &thing_shape, &full);
	assert_string_equal(buf_text(&b),
		"{\"id\":1,\"parent\":2,\"name\":\"球\",\"note\":\"n\",\"open\":true,"
		"\"at\":\"1970-01-01T08:00:01+08:00\","
		"\"done\":\"1970-01-01T08:00:00.000001+08:00\",\"day\":\"2024-10-04\","
		"\"until\":\"1970-01-02\",\"price\":100,\"discount\":-1,\"free\":{\"a\":1},"
		"\"none\":null,\"parts\":[{\"n\":1},{\"n\":2}]}");
}

static void lists_stand_in_objects_and_alone(void **state)
{
	struct buf b = buf_in(mem, 1000);
	struct list list = {pieces, 2}, none = {NULL, 0};

	(void)state;
	json_open(&b, NULL, '{');
	json_list(&b, "items", &piece_shape, &list);
	json_list(&b, "none", &piece_shape, &none);
	json_shape(&b, "first", &piece_shape, &pieces[0]);
	json_close(&b, '}');
	assert_string_equal(buf_text(&b),
		"{\"items\":[{\"n\":1},{\"n\":2}],\"none\":[],\"first\":{\"n\":1}}");
}

static void past_the_cap_every_write_is_ignored(void **state)
{
	struct buf b = buf_in(mem, 10);

	(void)state;
	buf_puts(&b, "0123456");
	buf_puts(&b, "789a"); /* one too many: none of it */
	assert_true(b.full && b.len == 7);
	buf_puts(&b, "7"); /* this would fit, but something is missing already */
	buf_printf(&b, "%d", 7);
	json_int(&b, NULL, 7);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.at, "0123456", 7);
	assert_string_equal(buf_text(&b), "");
	buf_clear(&b);
	buf_puts(&b, "again");
	assert_false(b.full);
	assert_string_equal(buf_text(&b), "again");
}

static void the_cap_itself_is_reached(void **state)
{
	struct buf b = buf_in(mem, 10), p = buf_in(mem, 10);

	(void)state;
	buf_puts(&b, "0123456789");
	assert_true(!b.full && b.len == 10);
	buf_add(&b, "", 0);
	assert_false(b.full);
	buf_puts(&b, "x");
	assert_true(b.full && b.len == 10);

	buf_printf(&p, "%s", "012345678"); /* printf wants room for its NUL */
	assert_true(!p.full && p.len == 9);
	assert_string_equal(buf_text(&p), "012345678");
	buf_clear(&p);
	buf_printf(&p, "%s", "0123456789a");
	assert_true(p.full && p.len == 0);
}

static void growing_keeps_what_was_written(void **state)
{
	struct buf b = buf_in(mem, 1 << 20);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const char *text = arena_printf(mem, "%05d,", i);

		if (i % 2)
			buf_printf(&b, "%s", text);
		else
			buf_add(&b, text, 6);
	}
	assert_true(!b.full && b.len == 120000);
	for (int i = 0; i < 20000; i++) {
		int n = 0;

		for (int k = 0; k < 5; k++)
			n = n * 10 + (b.at[i * 6 + k] - '0');
		assert_int_equal(n, i);
	}
	assert_int_equal(strlen(buf_text(&b)), b.len);
}

static void the_text_of_nothing_is_empty(void **state)
{
	struct buf b = buf_in(mem, 10);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_escaped_by_the_table),
		cmocka_unit_test(every_character_comes_back_through_the_strict_door),
		cmocka_unit_test(names_are_escaped_too),
		cmocka_unit_test(a_text_with_a_length_may_hold_a_nul),
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(commas_stand_between_and_nowhere_else),
		cmocka_unit_test(a_bare_thing_has_nulls_where_it_may_and_zeros_where_not),
		cmocka_unit_test(a_full_thing_shows_all_but_what_is_hidden),
		cmocka_unit_test(lists_stand_in_objects_and_alone),
		cmocka_unit_test(past_the_cap_every_write_is_ignored),
		cmocka_unit_test(the_cap_itself_is_reached),
		cmocka_unit_test(growing_keeps_what_was_written),
		cmocka_unit_test(the_text_of_nothing_is_empty),
	};

	return RUN_TESTS(tests);
}
