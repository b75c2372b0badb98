/* Queries and forms: pairs of texts, as strict as a JSON body. */
/* First: cmocka makes fail() a macro. */
#include "web/request.h"

#include "test.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

struct ask {
	int64_t limit;
	const char *name, *kind;
	date date;
	stamp since;
};
static const struct field ask_fields[] = {
	FIELD(struct ask, limit, .optional = true, .min = 1, .max = 100),
	FIELD(struct ask, name, .min = 1, .max = 4),
	FIELD(struct ask, kind, .optional = true, .one_of = "jsapi|native"),
	FIELD(struct ask, date, .optional = true),
	FIELD(struct ask, since, .optional = true),
};
static const struct shape ask_shape = SHAPE(struct ask, ask_fields);

/* clang-format off */
static const struct {
	const char *says, *text;
	enum err err;
	const char *field, *name; /* the name that was read, if it is told here */
} cases[] = {
	{ "one pair", "name=abc", E_OK, NULL, "abc" },
	{ "some pairs", "limit=20&name=abc&date=2026-11-23", E_OK, NULL, "abc" },
	{ "a plus is a blank", "name=a+b", E_OK, NULL, "a b" },
	{ "an escaped plus is a plus", "name=a%2Bb", E_OK, NULL, "a+b" },
	{ "an escaped blank", "name=a%20b", E_OK, NULL, "a b" },
	{ "an escaped percent", "name=%2525", E_OK, NULL, "%25" },
	{ "small hex", "name=%e7%90%83", E_OK, NULL, "球" },
	{ "large hex", "name=%E7%90%83", E_OK, NULL, "球" },
	{ "bare UTF-8", "name=球馆", E_OK, NULL, "球馆" },
	{ "characters count, not bytes", "name=球馆球馆", E_OK, NULL, "球馆球馆" },
	{ "one character too many", "name=球馆球馆球", E_BAD_FIELD, "name", NULL },
	{ "an escaped ampersand", "name=a%26b", E_OK, NULL, "a&b" },
	{ "an equals sign in the value", "name=a=b", E_OK, NULL, "a=b" },
	{ "an escaped name", "n%61me=abc", E_OK, NULL, "abc" },
	{ "ampersands all around", "&&name=abc&&limit=1&", E_OK, NULL, "abc" },
	{ "a semicolon separates nothing", "name=a;b", E_OK, NULL, "a;b" },
	{ "an offset needs its plus escaped", "name=a&since=2026-11-23T18:00:00%2B08:00",
	  E_OK, NULL, "a" },
	{ "else it is a blank",
	  "name=a&since=2026-11-23T18:00:00+08:00", E_BAD_FIELD, "since", NULL },
	{ "nothing", "", E_BAD_FIELD, "name", NULL },
	{ "the wanted one is missing", "limit=1", E_BAD_FIELD, "name", NULL },
	{ "a name without a value", "name", E_BAD_FIELD, "name", NULL },
	{ "an empty value", "name=", E_BAD_FIELD, "name", NULL },
	{ "twice", "name=a&name=b", E_BAD_FIELD, "name", NULL },
	{ "twice, once escaped", "name=a&nam%65=b", E_BAD_FIELD, "name", NULL },
	{ "twice, and optional", "name=a&limit=1&limit=1", E_BAD_FIELD, "limit", NULL },
	{ "an unknown name", "name=a&nosuch=1", E_UNKNOWN_FIELD, "nosuch", NULL },
	{ "an unknown name without a value", "name=a&nosuch", E_UNKNOWN_FIELD, "nosuch", NULL },
	{ "a name in capitals", "Name=a", E_UNKNOWN_FIELD, "Name", NULL },
	{ "an empty name", "name=a&=1", E_UNKNOWN_FIELD, "", NULL },
	{ "brackets make no list", "name[]=a", E_UNKNOWN_FIELD, "name[]", NULL },
	{ "a Chinese name", "名=a", E_UNKNOWN_FIELD, "名", NULL },
	{ "a name that is no UTF-8 is not told", "%FF=a", E_UNKNOWN_FIELD, NULL, NULL },
	{ "a value that is no UTF-8", "name=%FF", E_BAD_FIELD, "name", NULL },
	{ "a surrogate", "name=%ED%A0%80", E_BAD_FIELD, "name", NULL },
	{ "an overlong slash", "name=%C0%AF", E_BAD_FIELD, "name", NULL },
	{ "a NUL", "name=a%00b", E_BAD_REQUEST, "name", NULL },
	{ "a NUL in the name", "na%00me=a", E_BAD_REQUEST, NULL, NULL },
	{ "a percent at the end", "name=%", E_BAD_REQUEST, "name", NULL },
	{ "an escape cut short", "name=%4", E_BAD_REQUEST, "name", NULL },
	{ "an escape cut by the next pair", "name=%4&limit=1", E_BAD_REQUEST, "name", NULL },
	{ "an escape that is none", "name=%zz", E_BAD_REQUEST, "name", NULL },
	{ "a sign in an escape", "name=%+1", E_BAD_REQUEST, "name", NULL },
	{ "a blank in an escape", "name=% 1", E_BAD_REQUEST, "name", NULL },
	{ "UTF-16 in an escape", "name=%u7403", E_BAD_REQUEST, "name", NULL },
	{ "a bad escape in the name", "na%zme=a", E_BAD_REQUEST, NULL, NULL },
	{ "a bad escape under a name that is no UTF-8", "%FF=%zz", E_BAD_REQUEST, NULL, NULL },
	{ "a number out of range", "name=a&limit=101", E_BAD_FIELD, "limit", NULL },
	{ "a number with a sign", "name=a&limit=-1", E_BAD_FIELD, "limit", NULL },
	{ "a number with zeros", "name=a&limit=007", E_BAD_FIELD, "limit", NULL },
	{ "a number with a fraction", "name=a&limit=1.0", E_BAD_FIELD, "limit", NULL },
	{ "a number with a blank", "name=a&limit=+1", E_BAD_FIELD, "limit", NULL },
	{ "an empty number", "name=a&limit=", E_BAD_FIELD, "limit", NULL },
	{ "a date that does not exist", "name=a&date=2026-02-30", E_BAD_FIELD, "date", NULL },
	{ "a word", "name=a&kind=native", E_OK, NULL, "a" },
	{ "another word", "name=a&kind=h5", E_BAD_FIELD, "kind", NULL },
	{ "two words with their bar", "name=a&kind=jsapi|native", E_BAD_FIELD, "kind", NULL },
};
/* clang-format on */

static void pairs_are_read_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct req r = {.mem = mem};
		struct ask ask = {0};
		enum err err =
			pairs_read(&r, cases[i].text, strlen(cases[i].text), &ask_shape, &ask);

		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		if (!r.field != !cases[i].field ||
			(r.field && strcmp(r.field, cases[i].field) != 0))
			fail_msg("%s: field %s", cases[i].says, r.field ? r.field : "-");
		if (cases[i].name && strcmp(ask.name, cases[i].name) != 0)
			fail_msg("%s: \"%s\"", cases[i].says, ask.name);
	}
}

static void values_land_in_their_members(void **state)
{
	struct req r = {.mem = mem};
	struct ask ask = {0};
	const char *text =
		"date=1970-01-02&kind=jsapi&limit=100&name=x&since=1970-01-01T00:00:01Z";

	(void)state;
	assert_int_equal(pairs_read(&r, text, strlen(text), &ask_shape, &ask), E_OK);
	assert_true(ask.limit == 100 && ask.date.days == 1 && ask.since.us == 1000000);
	assert_string_equal(ask.kind, "jsapi");
}

static void the_length_counts_and_not_the_nul_behind(void **state)
{
	struct req r = {.mem = mem};
	struct ask ask = {0};

	(void)state;
	assert_int_equal(pairs_read(&r, "name=abc&nosuch=1", 8, &ask_shape, &ask), E_OK);
	assert_string_equal(ask.name, "abc");
	assert_int_equal(pairs_read(&r, "name=abc%41", 9, &ask_shape, &ask), E_BAD_REQUEST);
	assert_int_equal(pairs_read(&r, "name=abcd", 4, &ask_shape, &ask), E_BAD_FIELD);
	assert_int_equal(pairs_read(&r, "name=abcd", 0, &ask_shape, &ask), E_BAD_FIELD);
}

/* A raw NUL in a form must not hide or part anything. */
static void a_raw_nul_is_refused_wherever_it_is(void **state)
{
	static const char whole[] = "name=abc&limit=7";

	(void)state;
	for (size_t i = 0; i < strlen(whole); i++) {
		struct req r = {.mem = mem};
		struct ask ask = {0};
		char text[sizeof(whole)];

		memcpy(text, whole, sizeof(whole));
		text[i] = '\0';
		if (pairs_read(&r, text, strlen(whole), &ask_shape, &ask) == E_OK)
			fail_msg("a NUL in the place of '%c' passed", whole[i]);
	}
}

static void a_route_without_a_query_takes_none(void **state)
{
	static const struct shape none = {"none", 0, NULL, 0};
	struct req r = {.mem = mem};
	char out;

	(void)state;
	assert_int_equal(pairs_read(&r, "", 0, &none, &out), E_OK);
	assert_int_equal(pairs_read(&r, "&", 1, &none, &out), E_OK);
	assert_int_equal(pairs_read(&r, "a=1", 3, &none, &out), E_UNKNOWN_FIELD);
	assert_string_equal(r.field, "a");
}

static void garbage_is_refused_and_harms_nothing(void **state)
{
	static const char likely[] = "name=limit&%%41+\xe7\x90\x83\xff;0";
	uint32_t seed = 99;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct req r = {.mem = mem};
		struct ask ask = {0};
		char *text = calloc(1, 65);

		assert_non_null(text);
		for (int k = 0; k < 64; k++) {
			seed = seed * 1664525 + 1013904223;
			text[k] = likely[(seed >> 16) % (sizeof(likely) - 1)];
		}
		if (pairs_read(&r, text, 64, &ask_shape, &ask) == E_OK)
			assert_true(utf8_valid(ask.name, strlen(ask.name)));
		else if (r.field)
			assert_true(utf8_valid(r.field, strlen(r.field)));
		free(text);
		if (i % 1000 == 0)
			arena_reset(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_read_by_the_table),
		cmocka_unit_test(values_land_in_their_members),
		cmocka_unit_test(the_length_counts_and_not_the_nul_behind),
		cmocka_unit_test(a_raw_nul_is_refused_wherever_it_is),
		cmocka_unit_test(a_route_without_a_query_takes_none),
		cmocka_unit_test(garbage_is_refused_and_harms_nothing),
	};

	return RUN_TESTS(tests);
}
