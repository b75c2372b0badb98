/* What counts as a phone number, and what WeChat's answers about one mean. */
#include "test.h"

#include "upstream.h"

#include "base/log.h"
#include "base/phone.h"
#include "wechat/app.h"
#include "wechat/phone.h"
#include "wechat/token.h"

static char secret_file[] = "/tmp/phone_test_XXXXXX";

/* Seen by all processes. */
static struct shared {
	char answer[1024];
	int refused_tokens;
} * shared;

static void answer(SSL *ssl, const char *json)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(json), json);
	say(ssl, text);
}

static bool act(SSL *ssl, const char *path, int seen)
{
	(void)seen;
	if (strcmp(path, "/cgi-bin/stable_token") == 0)
		answer(ssl, "{\"access_token\":\"TOKEN\",\"expires_in\":7200}");
	else if (strcmp(path, "/wxa/business/getuserphonenumber") != 0)
		return false;
	else if (shared->refused_tokens-- > 0)
		answer(ssl, "{\"errcode\":42001,\"errmsg\":\"expired\"}");
	else
		answer(ssl, shared->answer);
	return true;
}

#define OURS "\"watermark\":{\"timestamp\":1637744274,\"appid\":\"wx0123456789abcdef\"}"
#define INFO(number, country, mark)                                               \
	"{\"errcode\":0,\"errmsg\":\"ok\",\"phone_info\":{\"phoneNumber\":\"x\"," \
	"\"purePhoneNumber\":" number ",\"countryCode\":" country "," mark "}}"
#define NUMBER "\"13800138000\""

/* clang-format off */
static const struct {
	const char *says, *answer;
	enum err err;
} cases[] = {
	{ "the country as a string", INFO(NUMBER, "\"86\"", OURS), E_OK },
	{ "the country as a number", INFO(NUMBER, "86", OURS), E_OK },
	{ "another country", INFO(NUMBER, "\"852\"", OURS), E_PHONE_CODE },
	{ "another country as a number", INFO(NUMBER, "852", OURS), E_PHONE_CODE },
	{ "a country that is neither", INFO(NUMBER, "true", OURS), E_PHONE_CODE },
	{ "a number with its country", INFO("\"+8613800138000\"", "86", OURS), E_PHONE_CODE },
	{ "a number of a house", INFO("\"057188880001\"", "86", OURS), E_PHONE_CODE },
	{ "a number that is none", INFO("13800138000", "86", OURS), E_PHONE_CODE },
	{ "another app", INFO(NUMBER, "86", "\"watermark\":{\"appid\":\"wxother\"}"), E_PHONE_CODE },
	{ "no watermark", INFO(NUMBER, "86", "\"watermark\":null"), E_PHONE_CODE },
	{ "no app in it", INFO(NUMBER, "86", "\"watermark\":{\"appid\":7}"), E_PHONE_CODE },
	{ "well, without a number", "{\"errcode\":0}", E_UPSTREAM },
	{ "something else instead", "{\"errcode\":0,\"phone_info\":[]}", E_UPSTREAM },
	{ "a wrong code", "{\"errcode\":40029,\"errmsg\":\"invalid code\"}", E_PHONE_CODE },
	{ "a used code", "{\"errcode\":40163,\"errmsg\":\"code been used\"}", E_PHONE_CODE },
	{ "busy", "{\"errcode\":-1}", E_UPSTREAM },
	{ "too often", "{\"errcode\":45011}", E_UPSTREAM },
	{ "a quota that is used up", "{\"errcode\":45009,\"errmsg\":\"quota\"}", E_UPSTREAM },
	{ "no JSON", "<html></html>", E_UPSTREAM },
	{ "nothing", "", E_UPSTREAM },
	{ "a list", "[]", E_UPSTREAM },
};
/* clang-format on */

static void every_answer_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *phone = NULL;

		snprintf(shared->answer, sizeof(shared->answer), "%s", cases[i].answer);
		enum err err = wechat_phone(mem, "code", &phone);
		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		if (err == E_OK)
			assert_string_equal(phone, "13800138000");
	}
}

static void an_old_token_is_fetched_anew_once(void **state)
{
	const char *phone;

	(void)state;
	snprintf(shared->answer, sizeof(shared->answer), "%s", INFO(NUMBER, "86", OURS));
	shared->refused_tokens = 1;
	assert_int_equal(wechat_phone(mem, "code", &phone), E_OK);
	shared->refused_tokens = 2;
	assert_int_equal(wechat_phone(mem, "code", &phone), E_UPSTREAM);
	shared->refused_tokens = 0;
}

static void a_code_may_hold_anything_and_not_too_much(void **state)
{
	const char *phone;
	char big[9000] = "";

	(void)state;
	assert_int_equal(wechat_phone(mem, "\"}\\\n\x7f", &phone), E_OK);
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(wechat_phone(mem, big, &phone), E_UPSTREAM);
}

static void a_phone_number_is_eleven_digits_of_a_mobile(void **state)
{
	static const char *const good[] = {"13000000000", "19999999999"};
	static const char *const bad[] = {"", "1", "12900000000", "23000000000", "1300000000",
		"130000000000", "1300000000x", "+8613000000", "1300000000\n"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(phone_valid(good[i]));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(phone_valid(bad[i]));
}

static void what_people_type_is_read_as_digits(void **state)
{
	static const struct {
		enum digits kind;
		const char *given, *read;
	} typed[] = {
		{DIGITS_PHONE, "13000000000", "13000000000"},
		{DIGITS_PHONE, " 130 0000-0000\r\n", "13000000000"},
		{DIGITS_PHONE, "+8613000000000", "13000000000"},
		{DIGITS_PHONE, "008613000000000", "13000000000"},
		{DIGITS_PHONE, "86 130 0000 0000", "13000000000"},
		{DIGITS_PHONE, "＋８６　１３０００００００００", "13000000000"},
		{DIGITS_PHONE, "\xe2\x80\xad+86 13000000000\xe2\x80\xac", "13000000000"},
		{DIGITS_PHONE, "8613000000", "8613000000"},
		{DIGITS_PHONE, "+113000000000", "+113000000000"},
		{DIGITS_PHONE, "130+00000000", "130+00000000"},
		{DIGITS_PHONE, "1300000000x ", "1300000000x "},
		{DIGITS_PHONE, "１３０x", "１３０x"},
		{DIGITS_PHONE, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{DIGITS_PHONE, "  ", "  "},
		{DIGITS_PHONE, "", ""},
		{DIGITS_NUMBER, "123 456-78\t", "12345678"},
		{DIGITS_NUMBER, "+8613000000000", "+8613000000000"},
		{DIGITS_NUMBER, "8613000000000", "8613000000000"},
		{DIGITS_NONE, " 123 ", " 123 "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(typed); i++) {
		char *s = arena_strdup(mem, typed[i].given);

		digits_tidy(s, typed[i].kind);
		assert_string_equal(s, typed[i].read);
	}
}

static int begin(void **state)
{
	static char program[] = "wechat_phone_test", base[64];
	FILE *f;

	(void)state;
	settings_load(1, (char *[]){program});
	log_init(program);
	f = fdopen(mkstemp(secret_file), "we");
	assert_non_null(f);
	fputs("THESECRET\n", f);
	fclose(f);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	upstream_begin(act);
	snprintf(base, sizeof(base), "https://127.0.0.1:%d", upstream_port);
	settings.wx_api_base = base;
	settings.wx_appid = "wx0123456789abcdef";
	settings.wx_secret_file = secret_file;
	wechat_app_init();
	return 0;
}

static int end(void **state)
{
	(void)state;
	upstream_end();
	unlink(secret_file);
	munmap(shared, sizeof(*shared));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_its_meaning),
		cmocka_unit_test(an_old_token_is_fetched_anew_once),
		cmocka_unit_test(a_code_may_hold_anything_and_not_too_much),
		cmocka_unit_test(what_people_type_is_read_as_digits),
		cmocka_unit_test(a_phone_number_is_eleven_digits_of_a_mobile),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
