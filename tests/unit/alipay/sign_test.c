#include "test.h"

#include "alipay/sign.h"
#include "base/buf.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "vectors.h"

static struct alipay_params params_of(const cJSON *v)
{
	struct alipay_params p = {.count = 0};
	const cJSON *one;

	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(v, "form"))
	{
		assert_true(alipay_param_add(&p, one->string, one->valuestring));
	}
	return p;
}

static bool fits(const cJSON *v, struct bytes text)
{
	struct key *key = key_of(v, KEY_PUBLIC);
	bool fine = alipay_verify(mem, key, text, text_of(v, "signature"));

	key_free(key);
	return fine;
}

static void the_published_signatures_fit_and_no_others(void **state)
{
	static const char *const ids[] = {"alipay-notify-trade",
		"alipay-notify-trade-with-sign_type-must-fail",
		"alipay-notify-servicemarket-with-sign_type", "alipay-sync-response"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const cJSON *v = vector(ids[i]);
		struct bytes text = bytes_of(text_of(v, "message"));
		char *other = arena_strdup(mem, text_of(v, "message"));

		print_message("  %s\n", ids[i]);
		assert_int_equal(fits(v, text),
			cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "expect_valid")));
		other[text.len / 2] ^= 1;
		assert_false(fits(v, bytes_of(other)));
		assert_false(fits(v, (struct bytes){text.at, text.len - 1}));
	}
}

static void what_is_signed_of_a_notify_is_the_published_text(void **state)
{
	const cJSON *trade = vector("alipay-notify-trade");
	const cJSON *market = vector("alipay-notify-servicemarket-with-sign_type");
	struct alipay_params p = params_of(trade);

	(void)state;
	assert_string_equal((const char *)alipay_signed_text(mem, &p, ALIPAY_NOTIFY).at,
		text_of(trade, "message"));
	assert_false(fits(trade, alipay_signed_text(mem, &p, ALIPAY_REQUEST)));
	p = params_of(market);
	assert_string_equal((const char *)alipay_signed_text(mem, &p, ALIPAY_REQUEST).at,
		text_of(market, "message"));
}

static void parameters_are_sorted_and_empty_ones_left_out(void **state)
{
	struct alipay_params p = {.count = 0};

	(void)state;
	assert_true(alipay_param_add(&p, "b", "2=&"));
	assert_true(alipay_param_add(&p, "sign_type", "RSA2"));
	assert_true(alipay_param_add(&p, "a_b", "1"));
	assert_true(alipay_param_add(&p, "sign", "x"));
	assert_true(alipay_param_add(&p, "a", "羽 毛"));
	assert_true(alipay_param_add(&p, "c", ""));
	assert_false(alipay_param_add(&p, "a", "3"));
	assert_string_equal((const char *)alipay_signed_text(mem, &p, ALIPAY_REQUEST).at,
		"a=羽 毛&a_b=1&b=2=&&sign_type=RSA2");
	assert_string_equal((const char *)alipay_signed_text(mem, &p, ALIPAY_NOTIFY).at,
		"a=羽 毛&a_b=1&b=2=&");
	assert_string_equal(alipay_param_get(&p, "b"), "2=&");
	assert_null(alipay_param_get(&p, "c"));
	assert_null(alipay_param_get(&p, "d"));
	for (int i = 6; i < ALIPAY_PARAMS_MAX; i++)
		assert_true(alipay_param_add(&p, arena_printf(mem, "n%d", i), ""));
	assert_false(alipay_param_add(&p, "more", ""));
}

/* clang-format off */
static const struct {
	const char *says, *body, *a; /* what "a" is then; NULL: refused */
} forms[] = {
	{"one pair", "a=1", "1"},
	{"a plus is a blank, an escaped one a plus", "a=1+2%2B3", "1 2+3"},
	{"small and large hex", "b=%e7%90%83&a=%E9%A6%86", "馆"},
	{"percent, ampersand, equals sign", "a=%25%26%3D", "%&="},
	{"an equals sign as it is", "a=b=c", "b=c"},
	{"bare UTF-8", "a=球", "球"},
	{"nothing", "", NULL},
	{"no value", "a", NULL},
	{"no name", "=1&a=1", NULL},
	{"twice", "a=1&a=1", NULL},
	{"twice, once empty", "a=&a=1", NULL},
	{"an escaped name", "%61=1", NULL},
	{"a name in capitals", "A=1&a=1", NULL},
	{"a blank in the name", "a+=1&a=1", NULL},
	{"an escape cut short", "a=%4", NULL},
	{"an escape cut shorter", "a=%", NULL},
	{"an escape that is none", "a=%zz", NULL},
	{"a sign in an escape", "a=%+1", NULL},
	{"a zero byte", "a=1%00", NULL},
	{"no UTF-8", "a=%FF", NULL},
	{"GBK", "a=%B9%DD", NULL},
	{"two ampersands", "a=1&&b=2", NULL},
	{"an ampersand at the end", "a=1&", NULL},
	{"an ampersand in front", "&a=1", NULL},
};
/* clang-format on */

static void forms_are_read_in_one_way_or_not_at_all(void **state)
{
	struct alipay_params p;
	struct buf many = buf_in(mem, 1 << 12);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		bool fine = alipay_form_read(mem, bytes_of(forms[i].body), &p);

		if (fine != (forms[i].a != NULL))
			fail_msg("%s: %d", forms[i].says, fine);
		if (fine)
			assert_string_equal(alipay_param_get(&p, "a"), forms[i].a);
	}
	assert_false(
		alipay_form_read(mem, (struct bytes){(const unsigned char *)"a=\0", 3}, &p));
	assert_false(
		alipay_form_read(mem, (struct bytes){(const unsigned char *)"\0=1", 3}, &p));
	for (int i = 0; i < ALIPAY_PARAMS_MAX; i++)
		buf_printf(&many, "%sn%d=1", i ? "&" : "", i);
	assert_true(alipay_form_read(mem, bytes_of(buf_text(&many)), &p));
	buf_puts(&many, "&one_more=1");
	assert_false(alipay_form_read(mem, bytes_of(buf_text(&many)), &p));
}

/* clang-format off */
static const struct {
	const char *says, *json, *part; /* under "r"; NULL: none */
} answers[] = {
	{"alone", "{\"r\":{\"a\":1}}", "{\"a\":1}"},
	{"with the signature behind", "{\"r\":{\"a\":\"1\"},\"sign\":\"x\"}", "{\"a\":\"1\"}"},
	{"with the signature in front", "{\"sign\":\"x\",\"r\":{\"a\":\"1\"}}", "{\"a\":\"1\"}"},
	{"with blanks", " { \"r\" :\n{ \"a\" : 1 } } ", "{ \"a\" : 1 }"},
	{"braces in a text", "{\"r\":{\"a\":\"}\\\"}{\"},\"s\":1}", "{\"a\":\"}\\\"}{\"}"},
	{"a backslash at the end of a text", "{\"r\":{\"a\":\"\\\\\"},\"s\":1}", "{\"a\":\"\\\\\"}"},
	{"nested", "{\"r\":{\"a\":[{\"b\":{}}]}}", "{\"a\":[{\"b\":{}}]}"},
	{"behind all kinds of values",
		"{\"n\":-1.5e3 ,\"t\":true,\"z\":null,\"l\":[1,[2]],\"s\":\"r\",\"r\":{}}", "{}"},
	{"the name inside another object", "{\"o\":{\"r\":{\"a\":1}},\"r\":{\"b\":2}}", "{\"b\":2}"},
	{"the name as a text", "{\"o\":\"r\",\"x\":{}}", NULL},
	{"only inside another object", "{\"o\":{\"r\":{}}}", NULL},
	{"not an object", "{\"r\":\"x\"}", NULL},
	{"a longer name", "{\"rr\":{}}", NULL},
	{"an empty object", "{}", NULL},
	{"a list", "[{\"r\":{}}]", NULL},
	{"torn", "{\"r\":{\"a\":1}", NULL},
	{"something behind", "{\"r\":{}}x", NULL},
	{"nothing", "", NULL},
};
/* clang-format on */

static void the_signed_part_is_taken_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct bytes part = {0};
		bool found = alipay_answer_part(bytes_of(answers[i].json), "r", &part);

		print_message("  %s\n", answers[i].says);
		assert_int_equal(found, answers[i].part != NULL);
		if (!found || !answers[i].part)
			continue;
		assert_int_equal(part.len, strlen(answers[i].part));
		assert_memory_equal(part.at, answers[i].part, part.len);
	}
}

static void the_published_answer_is_proven_out_of_its_envelope(void **state)
{
	const cJSON *v = vector("alipay-sync-response");
	const char *body =
		arena_printf(mem, "{\"alipay_trade_pay_response\":%s,\"sign\":\"%s\"}",
			text_of(v, "message"), text_of(v, "signature"));
	struct key *key = key_of(v, KEY_PUBLIC);
	struct bytes part;

	(void)state;
	assert_true(alipay_answer_part(bytes_of(body), "alipay_trade_pay_response", &part));
	assert_true(alipay_verify_answer(mem, key, part, text_of(v, "signature")));
	assert_false(alipay_verify_answer(
		mem, key, (struct bytes){part.at, part.len - 1}, text_of(v, "signature")));
	assert_false(alipay_verify_answer(mem, key, part, "not base64"));
	assert_false(alipay_verify_answer(mem, key, part, ""));
	key_free(key);
}

static void escaped_slashes_are_tried_both_ways(void **state)
{
	struct key *key =
		key_parse(KEY_PRIVATE, bytes_of(key_text("java-merchant", "private_key_pem")));
	const char *escaped = "{\"u\":\"https:\\/\\/a\"}", *plain = "{\"u\":\"https://a\"}";
	const char *other = "{\"u\":\"https:\\\\//a\"}";

	(void)state;
	assert_non_null(key);
	const char *of_escaped = alipay_sign(mem, key, bytes_of(escaped));
	const char *of_plain = alipay_sign(mem, key, bytes_of(plain));
	assert_true(alipay_verify_answer(mem, key, bytes_of(escaped), of_escaped));
	assert_true(alipay_verify_answer(mem, key, bytes_of(escaped), of_plain));
	assert_false(alipay_verify_answer(mem, key, bytes_of(plain), of_escaped));
	assert_false(alipay_verify_answer(mem, key, bytes_of(other), of_escaped));
	key_free(key);
}

static void yuan_and_fen(void **state)
{
	static const struct {
		const char *text;
		int64_t fen; /* -1: refused */
	} cases[] = {
		{"0.01", 1},
		{"120.00", 12000},
		{"120.5", 12050},
		{"7", 700},
		{"0.00", 0},
		{"100000000.00", 10000000000},
		{"", -1},
		{"-0.01", -1},
		{"1.001", -1},
		{"1.", -1},
		{".5", -1},
		{"1e2", -1},
		{" 1", -1},
		{"1,00", -1},
		{"+1", -1},
		{"99999999999999.99", -1},
		{"92233720368547758.08", -1},
	};
	money m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		bool fine = alipay_yuan_parse(cases[i].text, &m);

		print_message("  %s\n", cases[i].text);
		assert_int_equal(fine ? m.fen : -1, cases[i].fen);
	}
	assert_string_equal(yuan_write(mem, (money){1}), "0.01");
	assert_string_equal(yuan_write(mem, (money){12050}), "120.50");
	assert_string_equal(yuan_write(mem, (money){10000000000}), "100000000.00");
}

static void times_are_chinas(void **state)
{
	stamp t;

	(void)state;
	assert_true(alipay_time_parse("2026-11-23 18:00:00", &t));
	assert_string_equal(alipay_time(mem, t), "2026-11-23 18:00:00");
	assert_int_equal(t.us / SECOND, 1795428000);
	assert_true(alipay_time_parse("2026-11-23 18:00:00.143", &t));
	assert_int_equal(t.us % SECOND, 143000);
	assert_string_equal(alipay_time(mem, t), "2026-11-23 18:00:00");
	assert_false(alipay_time_parse("2026-11-23T18:00:00", &t));
	assert_false(alipay_time_parse("2026-11-23", &t));
	assert_false(alipay_time_parse("2026-02-30 18:00:00", &t));
	assert_false(alipay_time_parse("2026-11-23 18:00:00Z", &t));
	assert_false(alipay_time_parse("", &t));
}

static void words_lose_what_alipay_refuses(void **state)
{
	(void)state;
	assert_string_equal(
		alipay_words(mem, "星河 3/4=&号,\"场\"\n", 255), "星河 3 4  号  场  ");
	assert_string_equal(alipay_words(mem, "一二三", 8), "一二");
	assert_string_equal(alipay_words(mem, "一二三", 9), "一二三");
	assert_string_equal(alipay_words(mem, "一", 2), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_signatures_fit_and_no_others),
		cmocka_unit_test(what_is_signed_of_a_notify_is_the_published_text),
		cmocka_unit_test(parameters_are_sorted_and_empty_ones_left_out),
		cmocka_unit_test(forms_are_read_in_one_way_or_not_at_all),
		cmocka_unit_test(the_signed_part_is_taken_byte_for_byte),
		cmocka_unit_test(the_published_answer_is_proven_out_of_its_envelope),
		cmocka_unit_test(escaped_slashes_are_tried_both_ways),
		cmocka_unit_test(yuan_and_fen),
		cmocka_unit_test(times_are_chinas),
		cmocka_unit_test(words_lose_what_alipay_refuses),
	};

	return RUN_TESTS(tests);
}
