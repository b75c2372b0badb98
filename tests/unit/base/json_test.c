/* The strict door: JSON from outside into structs. */
#include "test.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "order/order.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct piece {
	int64_t n;
	const char *word;
};
static const struct field piece_fields[] = {
	FIELD(struct piece, n, .min = 1, .max = 9),
	FIELD(struct piece, word, .optional = true),
};
static const struct shape piece_shape = SHAPE(struct piece, piece_fields);

struct probe {
	int64_t any, near;
	const char *text, *colour;
	bool flag;
	stamp at;
	date day;
	money price;
	raw_json raw;
	struct list list, some;
};
static const struct field probe_fields[] = {
	FIELD(struct probe, any, .optional = true),
	FIELD(struct probe, near, .optional = true, .min = -5, .max = 5),
	FIELD(struct probe, text, .optional = true, .min = 2, .max = 4),
	FIELD(struct probe, colour, .optional = true, .one_of = "red|darkred|blue"),
	FIELD(struct probe, flag, .optional = true),
	FIELD(struct probe, at, .optional = true),
	FIELD(struct probe, day, .optional = true),
	FIELD(struct probe, price, .optional = true, .min = 0, .max = 100),
	FIELD(struct probe, raw, .optional = true),
	FIELD(struct probe, list, .optional = true, .max = 3, .of = &piece_shape),
	FIELD(struct probe, some, .optional = true, .min = 1, .max = 2, .of = &piece_shape),
};
static const struct shape probe_shape = SHAPE(struct probe, probe_fields);

/* clang-format off */
static const struct {
	const char *says, *json;
	enum err err;
	const char *field;
} cases[] = {
	{ "nothing that is optional is missed", "{}", E_OK, NULL },
	{ "null is as good as absent, for every kind",
	  "{\"any\":null,\"text\":null,\"flag\":null,\"at\":null,\"day\":null,\"price\":null,"
	  "\"raw\":null,\"list\":null,\"colour\":null}", E_OK, NULL },
	{ "but not in a field that is wanted",
	  "{\"list\":[{\"n\":null}]}", E_BAD_FIELD, "list[0].n" },
	{ "a field that is wanted is named when it lacks",
	  "{\"list\":[{}]}", E_BAD_FIELD, "list[0].n" },
	{ "an array is no body", "[]", E_BAD_JSON, NULL },
	{ "a text is no body", "\"{}\"", E_BAD_JSON, NULL },
	{ "a number is no body", "1", E_BAD_JSON, NULL },
	{ "null is no body", "null", E_BAD_JSON, NULL },
	{ "half a body is none", "{\"any\":1", E_BAD_JSON, NULL },

	{ "an unknown member is named", "{\"nosuch\":1}", E_UNKNOWN_FIELD, "nosuch" },
	{ "names differ by case", "{\"Any\":1}", E_UNKNOWN_FIELD, "Any" },
	{ "an empty name is unknown", "{\"\":1}", E_UNKNOWN_FIELD, "" },
	{ "an unknown member of an element has a path",
	  "{\"list\":[{\"n\":1},{\"n\":1,\"x\":1}]}", E_UNKNOWN_FIELD, "list[1].x" },
	{ "unknown and null is unknown", "{\"nosuch\":null}", E_UNKNOWN_FIELD, "nosuch" },

	{ "a name twice", "{\"any\":1,\"any\":1}", E_BAD_JSON, NULL },
	{ "a name twice, once with an escape",
	  "{\"any\":1,\"\\u0061ny\":2}", E_BAD_JSON, NULL },
	{ "a name twice in an element", "{\"list\":[{\"n\":1,\"n\":2}]}", E_BAD_JSON, NULL },
	{ "a name twice deep in free JSON",
	  "{\"raw\":{\"a\":[{\"b\":1,\"b\":1}]}}", E_BAD_JSON, NULL },
	{ "the same name on two levels", "{\"raw\":{\"a\":{\"a\":{\"a\":1}}}}", E_OK, NULL },

	{ "a text where a number belongs", "{\"any\":\"1\"}", E_BAD_FIELD, "any" },
	{ "a truth where a number belongs", "{\"any\":true}", E_BAD_FIELD, "any" },
	{ "an array where a number belongs", "{\"any\":[1]}", E_BAD_FIELD, "any" },
	{ "an object where a number belongs", "{\"any\":{}}", E_BAD_FIELD, "any" },
	{ "a number where a text belongs", "{\"text\":12}", E_BAD_FIELD, "text" },
	{ "a text where a truth belongs", "{\"flag\":\"true\"}", E_BAD_FIELD, "flag" },
	{ "a number where a truth belongs", "{\"flag\":1}", E_BAD_FIELD, "flag" },
	{ "a number where an instant belongs", "{\"at\":1700000000}", E_BAD_FIELD, "at" },
	{ "an instant without offset", "{\"at\":\"2026-11-23T18:00:00\"}", E_BAD_FIELD, "at" },
	{ "a number where a date belongs", "{\"day\":20261123}", E_BAD_FIELD, "day" },
	{ "a date that does not exist", "{\"day\":\"2026-02-29\"}", E_BAD_FIELD, "day" },
	{ "an object where a list belongs", "{\"list\":{}}", E_BAD_FIELD, "list" },
	{ "a text where a list belongs", "{\"list\":\"[]\"}", E_BAD_FIELD, "list" },
	{ "a number in the list", "{\"list\":[{\"n\":1},2]}", E_BAD_FIELD, "list[1]" },
	{ "null in the list", "{\"list\":[null]}", E_BAD_FIELD, "list[0]" },
	{ "a list in the list", "{\"list\":[[]]}", E_BAD_FIELD, "list[0]" },
	{ "a text where JSON belongs", "{\"raw\":\"{}\"}", E_BAD_FIELD, "raw" },
	{ "a number where JSON belongs", "{\"raw\":1}", E_BAD_FIELD, "raw" },

	{ "the largest whole number that a double keeps",
	  "{\"any\":9007199254740991}", E_OK, NULL },
	{ "the smallest", "{\"any\":-9007199254740991}", E_OK, NULL },
	{ "2^53, which 2^53 + 1 would look like",
	  "{\"any\":9007199254740992}", E_BAD_FIELD, "any" },
	{ "2^53 + 1", "{\"any\":9007199254740993}", E_BAD_FIELD, "any" },
	{ "-2^53 - 1", "{\"any\":-9007199254740993}", E_BAD_FIELD, "any" },
	{ "2^63", "{\"any\":9223372036854775808}", E_BAD_FIELD, "any" },
	{ "more than a double holds", "{\"any\":1e400}", E_BAD_FIELD, "any" },
	{ "one and a half", "{\"any\":1.5}", E_BAD_FIELD, "any" },
	{ "a hundredth", "{\"any\":1e-2}", E_BAD_FIELD, "any" },
	{ "1e2 is a whole number", "{\"any\":1e2}", E_OK, NULL },
	{ "so is 1.0", "{\"any\":1.0}", E_OK, NULL },
	{ "the range's lower end", "{\"near\":-5}", E_OK, NULL },
	{ "the range's upper end", "{\"near\":5}", E_OK, NULL },
	{ "below the range", "{\"near\":-6}", E_BAD_FIELD, "near" },
	{ "above the range", "{\"near\":6}", E_BAD_FIELD, "near" },
	{ "money has a range too", "{\"price\":101}", E_BAD_FIELD, "price" },
	{ "half a fen", "{\"price\":0.5}", E_BAD_FIELD, "price" },
	{ "a range inside an element",
	  "{\"list\":[{\"n\":1},{\"n\":9},{\"n\":10}]}", E_BAD_FIELD, "list[2].n" },

	{ "two characters of three bytes", "{\"text\":\"球馆\"}", E_OK, NULL },
	{ "one is too short, however many bytes", "{\"text\":\"球\"}", E_BAD_FIELD, "text" },
	{ "four of four bytes", "{\"text\":\"🏸🏸🏸🏸\"}", E_OK, NULL },
	{ "five are too long", "{\"text\":\"🏸🏸🏸🏸🏸\"}", E_BAD_FIELD, "text" },
	{ "escapes count as what they mean",
	  "{\"text\":\"\\u7403\\ud83c\\udff8\"}", E_OK, NULL },
	{ "no text at all is too short", "{\"text\":\"\"}", E_BAD_FIELD, "text" },

	{ "the first word", "{\"colour\":\"red\"}", E_OK, NULL },
	{ "a word that ends like another", "{\"colour\":\"darkred\"}", E_OK, NULL },
	{ "the last word", "{\"colour\":\"blue\"}", E_OK, NULL },
	{ "the beginning of a word", "{\"colour\":\"dark\"}", E_BAD_FIELD, "colour" },
	{ "more than a word", "{\"colour\":\"redd\"}", E_BAD_FIELD, "colour" },
	{ "no word", "{\"colour\":\"\"}", E_BAD_FIELD, "colour" },
	{ "a word in capitals", "{\"colour\":\"RED\"}", E_BAD_FIELD, "colour" },
	{ "two words with the bar between them",
	  "{\"colour\":\"red|darkred\"}", E_BAD_FIELD, "colour" },
	{ "all words with their bars",
	  "{\"colour\":\"red|darkred|blue\"}", E_BAD_FIELD, "colour" },
	{ "only the bar", "{\"colour\":\"|\"}", E_BAD_FIELD, "colour" },

	{ "an empty list", "{\"list\":[]}", E_OK, NULL },
	{ "a full list", "{\"list\":[{\"n\":1},{\"n\":2},{\"n\":3}]}", E_OK, NULL },
	{ "one too many",
	  "{\"list\":[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4}]}", E_BAD_FIELD, "list" },
	{ "empty where one is wanted", "{\"some\":[]}", E_BAD_FIELD, "some" },
};
/* clang-format on */

/* Without a NUL behind, so that reading on is found by ASan. */
static enum err load(const char *json, size_t len, const struct shape *sh, enum json_mode mode,
	void *out, const char **field)
{
	struct json_fault fault = {0};
	char *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, json, len);
	enum err err = json_load(mem, copy, len, sh, mode, out, &fault);
	memset(copy, 'x', len); /* what was read must not point into it */
	free(copy);
	*field = fault.field;
	return err;
}

static enum err probe(const char *json, struct probe *out, const char **field)
{
	return load(json, strlen(json), &probe_shape, JSON_STRICT, out, field);
}

static void bodies_are_judged_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct probe p;
		const char *field = NULL;
		enum err err = probe(cases[i].json, &p, &field);

		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		if (!field != !cases[i].field || (field && strcmp(field, cases[i].field) != 0))
			fail_msg("%s: field %s", cases[i].says, field ? field : "-");
		arena_reset(mem);
	}
}

static void values_land_in_their_members(void **state)
{
	struct probe p;
	const char *field;

	(void)state;
	memset(&p, 0x55, sizeof(p));
	assert_int_equal(
		probe("{\"any\":-9007199254740991,\"near\":-0,\"text\":\"a\\u00e9\\n\","
		      "\"colour\":\"blue\",\"flag\":true,\"at\":\"1970-01-01T08:00:01+08:00\","
		      "\"day\":\"1970-01-02\",\"price\":1e2,\"raw\":{\"b\":[1,\"球\"]},"
		      "\"list\":[{\"n\":7},{\"word\":\"w\",\"n\":8}]}",
			&p, &field),
		E_OK);
	assert_true(p.any == -9007199254740991 && p.near == 0 && p.price.fen == 100);
	assert_string_equal(p.text, "aé\n");
	assert_string_equal(p.colour, "blue");
	assert_true(p.flag && p.at.us == SECOND && p.day.days == 1);
	assert_string_equal(p.raw.text, "{\"b\":[1,\"球\"]}");
	assert_int_equal(p.list.count, 2);
	const struct piece *piece = p.list.at;
	assert_true(piece[0].n == 7 && !piece[0].word && piece[1].n == 8);
	assert_string_equal(piece[1].word, "w");
	assert_true(p.some.count == 0);
	assert_int_equal(probe("{\"flag\":false}", &p, &field), E_OK);
	assert_true(p.any == 0 && !p.text && !p.flag && p.at.us == 0 && !p.raw.text);
}

static void an_order_names_its_bad_period(void **state)
{
	static const char good[] =
		"{\"court_id\":3,\"start\":\"2026-11-23T18:00:00+08:00\","
		"\"end\":\"2026-11-23T19:00:00+08:00\"}";
	struct order_in in;
	const char *field;

	(void)state;
	const char *json = arena_printf(mem,
		"{\"venue_id\":1,\"date\":\"2026-11-23\",\"periods\":[%s,%s,{\"court_id\":3,"
		"\"start\":\"18:00\",\"end\":\"2026-11-23T19:00:00+08:00\"}]}",
		good, good);
	assert_int_equal(load(json, strlen(json), &order_in_shape, JSON_STRICT, &in, &field),
		E_BAD_FIELD);
	assert_string_equal(field, "periods[2].start");
	json = arena_printf(
		mem, "{\"venue_id\":1,\"date\":\"2026-11-23\",\"periods\":[%s]}", good);
	assert_int_equal(
		load(json, strlen(json), &order_in_shape, JSON_STRICT, &in, &field), E_OK);
	json = "{\"venue_id\":1,\"date\":\"2026-11-23\",\"periods\":[]}";
	assert_int_equal(load(json, strlen(json), &order_in_shape, JSON_STRICT, &in, &field),
		E_BAD_FIELD);
	assert_string_equal(field, "periods");
}

static void answers_of_others_may_grow(void **state)
{
	static const char json[] =
		"{\"new\":1,\"list\":[{\"n\":1,\"newer\":{\"deep\":[]}}],\"any\":5}";
	static const char wrong[] = "{\"new\":1,\"any\":\"5\"}";
	struct probe p;
	const char *field;

	(void)state;
	assert_int_equal(
		load(json, strlen(json), &probe_shape, JSON_LENIENT, &p, &field), E_OK);
	assert_true(p.any == 5 && p.list.count == 1);
	assert_int_equal(load(wrong, strlen(wrong), &probe_shape, JSON_LENIENT, &p, &field),
		E_BAD_FIELD);
	assert_string_equal(field, "any");
}

/* {"raw":{"m0":0,…}} */
static enum err members(int count)
{
	struct buf b = buf_in(mem, 1 << 16);
	struct probe p;
	const char *field;

	buf_puts(&b, "{\"raw\":{");
	for (int i = 0; i < count; i++)
		buf_printf(&b, "%s\"m%d\":%d", i ? "," : "", i, i);
	buf_puts(&b, "}}");
	return load(b.at, b.len, &probe_shape, JSON_STRICT, &p, &field);
}

static void sixty_four_members_are_the_most(void **state)
{
	(void)state;
	assert_int_equal(members(64), E_OK);
	assert_int_equal(members(65), E_BAD_JSON);
	assert_int_equal(members(5000), E_BAD_JSON);
}

static enum err repeated(const char *before, const char *what, size_t times, const char *after,
	const char **field)
{
	struct buf b = buf_in(mem, 1 << 20);
	struct probe p;

	buf_puts(&b, before);
	for (size_t i = 0; i < times; i++)
		buf_printf(&b, "%s%s", i ? "," : "", what);
	buf_puts(&b, after);
	assert_false(b.full);
	return load(b.at, b.len, &probe_shape, JSON_STRICT, &p, field);
}

static void huge_bodies_are_judged_quickly(void **state)
{
	const char *field;
	clock_t start = clock(); /* our own time, whoever else is at work */

	(void)state;
	assert_int_equal(repeated("{\"list\":[", "{\"n\":1}", 8000, "]}", &field), E_BAD_FIELD);
	assert_string_equal(field, "list");
	assert_int_equal(repeated("{\"raw\":[", "1", 32000, "]}", &field), E_OK);
	assert_int_equal(repeated("{\"raw\":[", "{\"a\":1}", 8000, "]}", &field), E_OK);
	assert_int_equal(repeated("{", "\"any\":1", 8000, "}", &field), E_BAD_JSON);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
}

static void a_number_of_a_thousand_digits_is_no_number_of_ours(void **state)
{
	struct buf b = buf_in(mem, 4096);
	struct probe p;
	const char *field;

	(void)state;
	buf_puts(&b, "{\"any\":1");
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "0");
	buf_puts(&b, "}");
	assert_int_not_equal(load(b.at, b.len, &probe_shape, JSON_STRICT, &p, &field), E_OK);
}

/* Path and query: the same rules, less what a text can't say. */
static void a_number_given_as_text_has_one_spelling(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool good;
	} given[] = {
		{ "0", true }, { "7", true }, { "999999999999999", true },
		{ "", false }, { "00", false }, { "007", false }, { "-1", false }, { "+1", false },
		{ " 1", false }, { "1 ", false }, { "1e2", false }, { "1.0", false },
		  { "0x1", false },
		{ "9007199254740991", true }, { "9007199254740992", false },
		{ "10000000000000000", false }, { "\xd9\xa1", false }, { "\xff", false },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < COUNT_OF(given); i++) {
		struct probe p = {0};

		if ((field_read_text(mem, &probe_fields[0], arena_strdup(mem, given[i].text),
			     &p) == E_OK) != given[i].good)
			fail_msg("\"%s\"", given[i].text);
	}
}

struct number {
	int64_t n;
};
static const struct field number_fields[] = {
	FIELD_AS(struct number, n, NULL, .min = 1, .max = 9),
};
static const struct shape number_shape = SHAPE(struct number, number_fields);
struct bare {
	struct list numbers;
	int64_t said;
};
static const struct field bare_fields[] = {
	FIELD(struct bare, numbers, .optional = true, .max = 3, .of = &number_shape),
	FIELD(struct bare, said, .optional = true, .min = 0, .max = 9, .absent = -1),
};
static const struct shape bare_shape = SHAPE(struct bare, bare_fields);

static enum err load_bare(const char *text, struct bare *out, struct json_fault *fault)
{
	return json_load(mem, text, strlen(text), &bare_shape, JSON_STRICT, out, fault);
}

static void a_list_of_bare_numbers_is_read_and_written_as_one(void **state)
{
	struct buf b = buf_in(mem, 256);
	struct json_fault fault = {0};
	struct bare bare;

	(void)state;
	assert_int_equal(load_bare("{\"numbers\":[3,1,9]}", &bare, &fault), E_OK);
	assert_int_equal(bare.numbers.count, 3);
	assert_int_equal(((struct number *)bare.numbers.at)[2].n, 9);
	json_shape(&b, NULL, &bare_shape, &bare);
	assert_string_equal(buf_text(&b), "{\"numbers\":[3,1,9],\"said\":-1}");
	static const char *const bad[] = {
		"0", "10", "\"1\"", "1.5", "null", "{\"n\":1}", "[1]"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const char *text = arena_printf(mem, "{\"numbers\":[1,%s]}", bad[i]);

		fault.field = NULL;
		assert_int_equal(load_bare(text, &bare, &fault), E_BAD_FIELD);
		assert_string_equal(fault.field, "numbers[1]");
	}
}

static void nothing_said_is_told_from_nought(void **state)
{
	struct json_fault fault = {0};
	struct bare bare;

	(void)state;
	assert_int_equal(load_bare("{}", &bare, &fault), E_OK);
	assert_int_equal(bare.said, -1);
	assert_int_equal(load_bare("{\"said\":null}", &bare, &fault), E_OK);
	assert_int_equal(bare.said, -1);
	assert_int_equal(load_bare("{\"said\":0}", &bare, &fault), E_OK);
	assert_int_equal(bare.said, 0);
	assert_int_equal(load_bare("{\"said\":-1}", &bare, &fault), E_BAD_FIELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_judged_by_the_table),
		cmocka_unit_test(values_land_in_their_members),
		cmocka_unit_test(an_order_names_its_bad_period),
		cmocka_unit_test(answers_of_others_may_grow),
		cmocka_unit_test(sixty_four_members_are_the_most),
		cmocka_unit_test(huge_bodies_are_judged_quickly),
		cmocka_unit_test(a_number_of_a_thousand_digits_is_no_number_of_ours),
		cmocka_unit_test(a_number_given_as_text_has_one_spelling),
		cmocka_unit_test(a_list_of_bare_numbers_is_read_and_written_as_one),
		cmocka_unit_test(nothing_said_is_told_from_nought),
	};

	return RUN_TESTS(tests);
}
