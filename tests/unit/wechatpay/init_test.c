#include "test.h"

#include "merchant.h"

#include <sys/wait.h>

/* What wechatpay_init() makes of the settings as they are: its exit status. */
static int init_status(void)
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		assert_non_null(freopen("/dev/null", "w", stderr));
		wechatpay_init();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wrong_settings_end_the_program_with_78(void **state)
{
	/* clang-format off */
	const struct {
		const char *says, **setting, *value;
		int status;
	} cases[] = {
		{"all is well",		     &settings.wxpay_mchid,	     "1234567891", 0 },
		{"half a public-key mode",    &settings.wxpay_pubkey_file,    "",	   78},
		{"no merchant",		     &settings.wxpay_mchid,	     "",	   78},
		{"no appid",		     &settings.wx_appid,	     "",	   78},
		{"a serial in lower case",   &settings.wxpay_serial,	     "5f1c",       78},
		{"no serial",		     &settings.wxpay_serial,	     "",	   78},
		{"plain HTTP",		     &settings.wxpay_base,	     "http://h",   78},
		{"a path behind the host",   &settings.wxpay_base,	     "https://h/", 78},
		{"notify URL without TLS",   &settings.issuer,		     "http://h",   78},
		{"APIv3 key of 31 bytes",    &settings.wxpay_apiv3_key_file,
			file_with("31", "0123456789abcdef0123456789abcde"), 78},
		{"APIv3 key of 33 bytes",    &settings.wxpay_apiv3_key_file,
			file_with("33", "0123456789abcdef0123456789abcdef0"), 78},
		{"APIv3 key and a line end", &settings.wxpay_apiv3_key_file,
			file_with("32", "0123456789abcdef0123456789abcdef\n"), 0},
		{"no APIv3 key",	     &settings.wxpay_apiv3_key_file, "/nowhere/k", 78},
		{"no private key",	     &settings.wxpay_key_file,       "/nowhere/k", 78},
		{"a public private key",     &settings.wxpay_key_file,
			file_with("pk", key_text("java-wechatpay", "public_key_pem")), 78},
		{"a private public key",     &settings.wxpay_pubkey_file,
			file_with("kp", key_text("java-merchant", "private_key_pem")), 78},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		good_settings();
		*cases[i].setting = cases[i].value;
		print_message("  %s\n", cases[i].says);
		assert_int_equal(init_status(), cases[i].status);
	}
	good_settings();
	settings.wxpay_pubkey_id = settings.wxpay_pubkey_file = "";
	assert_int_equal(init_status(), 0);
	good_settings();
	assert_int_equal(chmod(settings.wxpay_key_file, 0644), 0);
	assert_int_equal(init_status(), 78);
}

static void the_prepay_body_is_what_the_documents_ask_for(void **state)
{
	struct wechatpay_order p = {.description = "星河羽毛球馆 场地预订",
		.out_trade_no = "2026112300000001A01",
		.expires = {1700000000 * SECOND + 123456},
		.total = {12000},
		.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"};

	(void)state;
	assert_string_equal(wechatpay_order_body(mem, &p),
		"{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1234567891\","
		"\"description\":\"星河羽毛球馆 场地预订\","
		"\"out_trade_no\":\"2026112300000001A01\","
		"\"time_expire\":\"2023-11-15T06:13:20+08:00\","
		"\"notify_url\":\"https://play.example.com/notify/wechat\","
		"\"amount\":{\"total\":12000,\"currency\":\"CNY\"},"
		"\"payer\":{\"openid\":\"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o\"}}");
	p.openid = NULL;
	assert_null(strstr(wechatpay_order_body(mem, &p), "payer"));
	p.description =
		"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"
		"一二三四五六七八九十一二三四五六七八九十";
	const char *cut = strstr(wechatpay_order_body(mem, &p), "\"description\":\"") + 15;
	assert_int_equal(strcspn(cut, "\""), 126); /* 42 whole characters */
}

static void nobody_there_means_not_sent(void **state)
{
	struct wechatpay_prepaid prepaid;
	struct wechatpay_payment notice;

	(void)state;
	assert_int_equal(wechatpay_prepay(mem, "jsapi", "{}", &prepaid), E_UPSTREAM);
	assert_null(prepaid.prepay_id);
	assert_null(prepaid.refusal);
	assert_int_equal(wechatpay_query(mem, "NO123456", &notice), E_UPSTREAM);
}

static int begin_all(void **state)
{
	(void)state;
	merchant_begin();
	wechatpay_init();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	merchant_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_settings_end_the_program_with_78),
		cmocka_unit_test(the_prepay_body_is_what_the_documents_ask_for),
		cmocka_unit_test(nobody_there_means_not_sent),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
