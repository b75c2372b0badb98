/* Which bytes are JSON at all: RFC 8259, less what parsers disagree on. */
#include "test.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_case {
	const char *says, *text;
	size_t len; /* 0: up to the NUL */
};

/* clang-format off */
static const struct text_case good[] = {
	{ "an empty object", "{}", 0 },
	{ "an empty array", "[]", 0 },
	{ "a bare text", "\"\"", 0 },
	{ "a bare null", "null", 0 },
	{ "blanks of all four kinds",
	  " \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n1 \t\r\n} \t\r\n", 0 },
	{ "zero", "0", 0 },
	{ "minus zero", "-0", 0 },
	{ "every part of a number", "-10.020E+030", 0 },
	{ "a small exponent with a sign", "1e-1", 0 },
	{ "every short escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0 },
	{ "the lowest escape", "\"\\u0001\"", 0 },
	{ "hex digits in both cases", "\"\\uaBcD\"", 0 },
	{ "a surrogate pair", "\"\\ud83d\\ude00\"", 0 },
	{ "the widest surrogate pair", "\"\\uDBFF\\uDFFF\"", 0 },
	{ "neighbours of the surrogates", "\"\\ud7ff\\ue000\"", 0 },
	{ "DEL, which RFC 8259 allows", "\"\x7f\"", 0 },
	{ "the first of two bytes", "\"\xc2\x80\"", 0 },
	{ "the last of two bytes", "\"\xdf\xbf\"", 0 },
	{ "the first of three bytes", "\"\xe0\xa0\x80\"", 0 },
	{ "the last before the surrogates", "\"\xed\x9f\xbf\"", 0 },
	{ "the first behind the surrogates", "\"\xee\x80\x80\"", 0 },
	{ "the last of three bytes", "\"\xef\xbf\xbf\"", 0 },
	{ "the first of four bytes", "\"\xf0\x90\x80\x80\"", 0 },
	{ "the last of Unicode", "\"\xf4\x8f\xbf\xbf\"", 0 },
	{ "Chinese", "{\"名\":\"球馆\"}", 0 },
	{ "an empty name", "{\"\":0}", 0 },
	{ "arrays in arrays", "[[],[[]],{\"a\":[{}]}]", 0 },
};

static const struct text_case bad[] = {
	{ "nothing", "", 0 },
	{ "nothing but blanks", " \n", 0 },
	{ "a word behind the document", "{} x", 0 },
	{ "two documents", "{}{}", 0 },
	{ "a comma behind the document", "{},", 0 },
	{ "a NUL behind the document", "{}\0", 3 },
	{ "a NUL before the document", "\0{}", 3 },
	{ "a byte order mark", "\xef\xbb\xbf{}", 0 },
	{ "UTF-16", "{\0}\0", 4 },
	{ "another blank (form feed)", "\f{}", 0 },
	{ "a no-break space", "\xc2\xa0{}", 0 },
	{ "leading zeros", "007", 0 },
	{ "leading zeros in an array", "[01]", 0 },
	{ "leading zeros behind a minus", "-01", 0 },
	{ "no digit behind the point", "1.", 0 },
	{ "no digit before the point", ".5", 0 },
	{ "two points", "1.2.3", 0 },
	{ "no digit behind the exponent", "1e", 0 },
	{ "no digit behind the exponent's sign", "1e+", 0 },
	{ "two signs in an exponent", "1e+-1", 0 },
	{ "a point in an exponent", "1e1.5", 0 },
	{ "a plus", "+1", 0 },
	{ "a lone minus", "-", 0 },
	{ "two minuses", "--1", 0 },
	{ "a blank in a number", "1 2", 0 },
	{ "hexadecimal", "0x10", 0 },
	{ "NaN", "NaN", 0 },
	{ "Infinity", "Infinity", 0 },
	{ "minus Infinity", "-Infinity", 0 },
	{ "Chinese digits", "\xef\xbc\x91", 0 },
	{ "a word cut short", "nul", 0 },
	{ "a word too long", "truex", 0 },
	{ "a word in capitals", "True", 0 },
	{ "undefined", "undefined", 0 },
	{ "single quotes", "'a'", 0 },
	{ "a text without an end", "\"a", 0 },
	{ "a text that ends in a backslash", "\"a\\", 0 },
	{ "a raw line end in a text", "\"a\nb\"", 0 },
	{ "a raw tab in a text", "\"a\tb\"", 0 },
	{ "the last control in a text", "\"\x1f\"", 0 },
	{ "a raw NUL in a text", "\"a\0b\"", 5 },
	{ "an escaped NUL", "\"\\u0000\"", 0 },
	{ "an escape that is none", "\"\\x41\"", 0 },
	{ "an escape in capitals", "\"\\U0041\"", 0 },
	{ "an escape too short", "\"\\u12\"", 0 },
	{ "an escape with another letter", "\"\\u12g4\"", 0 },
	{ "an escape cut by the end", "\"\\u123", 0 },
	{ "a lone high surrogate", "\"\\ud83d\"", 0 },
	{ "a lone low surrogate", "\"\\ude00\"", 0 },
	{ "two high surrogates", "\"\\ud83d\\ud83d\"", 0 },
	{ "a pair the wrong way round", "\"\\ude00\\ud83d\"", 0 },
	{ "a high surrogate and a letter", "\"\\ud83dx\"", 0 },
	{ "a high surrogate and another escape", "\"\\ud83d\\n\"", 0 },
	{ "a stray continuation byte", "\"\x80\"", 0 },
	{ "an overlong slash of two bytes", "\"\xc0\xaf\"", 0 },
	{ "an overlong 0x7f", "\"\xc1\xbf\"", 0 },
	{ "an overlong form of three bytes", "\"\xe0\x9f\xbf\"", 0 },
	{ "an overlong form of four bytes", "\"\xf0\x8f\xbf\xbf\"", 0 },
	{ "an encoded surrogate", "\"\xed\xa0\x80\"", 0 },
	{ "one behind Unicode's last", "\"\xf4\x90\x80\x80\"", 0 },
	{ "a byte that never starts", "\"\xf5\x80\x80\x80\"", 0 },
	{ "0xfe", "\"\xfe\"", 0 },
	{ "0xff", "\"\xff\"", 0 },
	{ "two bytes cut by the quote", "\"\xc3\"", 0 },
	{ "three bytes cut by the quote", "\"\xe7\x90\"", 0 },
	{ "four bytes cut by the end", "\"\xf0\x9f\x98", 0 },
	{ "a letter in the place of a continuation", "\"\xe7z\x83\"", 0 },
	{ "Latin-1", "\"caf\xe9\"", 0 },
	{ "GBK", "\"\xc7\xf2\xb9\xdd\"", 0 },
	{ "bad UTF-8 in a name", "{\"\xff\":1}", 0 },
	{ "a comma behind the last element", "[1,]", 0 },
	{ "a comma before the first element", "[,1]", 0 },
	{ "a lone comma", "[,]", 0 },
	{ "no comma", "[1 2]", 0 },
	{ "a comma behind the last member", "{\"a\":1,}", 0 },
	{ "no comma between members", "{\"a\":1 \"b\":2}", 0 },
	{ "no colon", "{\"a\" 1}", 0 },
	{ "two colons", "{\"a\"::1}", 0 },
	{ "no value", "{\"a\":}", 0 },
	{ "no name", "{:1}", 0 },
	{ "a name without quotes", "{a:1}", 0 },
	{ "a number as name", "{1:1}", 0 },
	{ "a bare text in an object", "{\"a\"}", 0 },
	{ "brackets of two kinds", "[}", 0 },
	{ "brackets that cross", "{\"a\":[}]", 0 },
	{ "an object without an end", "{\"a\":1", 0 },
	{ "an array without an end", "[1,", 0 },
	{ "a closing bracket only", "]", 0 },
	{ "a comment", "{}//", 0 },
	{ "a comment inside", "[/**/]", 0 },
};
/* clang-format on */

/* In memory of its own exact size, so that reading on is found by ASan. */
static bool valid(const char *text, size_t len, size_t *at)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	bool ok = json_text_valid(copy, len, at);
	free(copy);
	return ok;
}

static size_t length(const struct text_case *c)
{
	return c->len ? c->len : strlen(c->text);
}

static void good_texts_pass(void **state)
{
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		if (!valid(good[i].text, length(&good[i]), &at))
			fail_msg("%s: refused at %zu", good[i].says, at);
}

static void bad_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		size_t at = 9999;

		if (valid(bad[i].text, length(&bad[i]), &at))
			fail_msg("%s: passed", bad[i].says);
		if (at > length(&bad[i]))
			fail_msg("%s: the fault is said to be at %zu", bad[i].says, at);
	}
}

/* Cut anywhere, a good document is none (a cut number would still be one). */
static void every_beginning_of_a_document_is_refused(void **state)
{
	static const char whole[] =
		"{\"a\":[1,-2.5e3,true,false,null,\"\\ud83d\\ude00\\n球\"],\"b\":{}}";
	size_t at;

	(void)state;
	assert_true(valid(whole, strlen(whole), &at));
	for (size_t n = 0; n < strlen(whole); n++)
		if (valid(whole, n, &at))
			fail_msg("the first %zu bytes passed", n);
}

static void the_fault_is_where_reading_stopped(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		size_t at;
	} faults[] = {
		{ "{} x",
		  3 }, { "007", 1 }, { "[1,]", 3 }, { "\"a\xff\"", 2 }, { "{\"a\" 1}", 5 },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		size_t at = 9999;

		assert_false(valid(faults[i].text, strlen(faults[i].text), &at));
		assert_int_equal(at, faults[i].at);
	}
}

/* `levels` brackets, alternately of both kinds, around a 1. */
static bool nested_is_valid(int levels)
{
	char text[1000] = "";
	size_t n = 0, at;

	for (int i = 0; i < levels; i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%s", i % 2 ? "{\"a\":" : "[");
	text[n++] = '1';
	for (int i = levels - 1; i >= 0; i--)
		text[n++] = i % 2 ? '}' : ']';
	return valid(text, n, &at);
}

static void thirty_two_levels_pass_and_thirty_three_do_not(void **state)
{
	static const char beside[] =
		"[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
		"[],[],[],[],[],[],[],[],[]]";
	size_t at;

	(void)state;
	assert_true(nested_is_valid(JSON_DEPTH_MAX));
	assert_false(nested_is_valid(JSON_DEPTH_MAX + 1));
	assert_true(valid(beside, strlen(beside), &at));

	size_t n = 1 << 16;
	char *deep = malloc(n);
	assert_non_null(deep);
	memset(deep, '[', n);
	assert_false(json_text_valid(deep, n, &at));
	free(deep);
}

/* Every sequence of up to three bytes against the ranges of RFC 3629, and the
 * edges of those of four. */
static bool is_utf8(const unsigned char *s, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	for (size_t i = 0, len; i < n; i += len) {
		len = s[i] < 0x80 ? 1 : s[i] < 0xc0 ? 9 : s[i] < 0xe0 ? 2 : s[i] < 0xf0 ? 3 : 4;
		if (len > n - i || s[i] > 0xf7)
			return false;
		uint32_t c = len == 1 ? s[i] : s[i] & (0x7fU >> len);
		for (size_t k = 1; k < len; k++) {
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[i + k] & 0x3f);
		}
		if (len > 1 && (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)))
			return false;
	}
	return true;
}

static void utf8_is_judged_like_rfc_3629_says(void **state)
{
	static const unsigned char edge[] = {
		0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xf0, 0xf4, 0xff};
	unsigned char s[4];

	(void)state;
	for (uint32_t v = 0; v < 1U << 24; v++) {
		s[0] = (unsigned char)(v >> 16);
		s[1] = (unsigned char)(v >> 8);
		s[2] = (unsigned char)v;
		if (utf8_valid((const char *)s, 3) != is_utf8(s, 3))
			fail_msg("%02x %02x %02x", s[0], s[1], s[2]);
	}
	for (uint32_t v = 0; v < 16 * COUNT_OF(edge) * COUNT_OF(edge) * COUNT_OF(edge); v++) {
		s[0] = (unsigned char)(0xf0 + v % 16);
		s[1] = edge[v / 16 % COUNT_OF(edge)];
		s[2] = edge[v / 16 / COUNT_OF(edge) % COUNT_OF(edge)];
		s[3] = edge[v / 16 / COUNT_OF(edge) / COUNT_OF(edge)];
		if (utf8_valid((const char *)s, 4) != is_utf8(s, 4))
			fail_msg("%02x %02x %02x %02x", s[0], s[1], s[2], s[3]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_pass),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(every_beginning_of_a_document_is_refused),
		cmocka_unit_test(the_fault_is_where_reading_stopped),
		cmocka_unit_test(thirty_two_levels_pass_and_thirty_three_do_not),
		cmocka_unit_test(utf8_is_judged_like_rfc_3629_says),
	};

	return RUN_TESTS(tests);
}
