#include "test.h"

#include "alishop.h"

#include <sys/wait.h>

/* What alipay_init() makes of the settings as they are: its exit status, 1 for a
 * channel that is off. */
static int init_status(void)
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		assert_non_null(freopen("/dev/null", "w", stderr));
		alipay_init();
		_exit(!alipay_is_on());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wrong_settings_end_the_program_with_78(void **state)
{
	const char *ec = file_with("ec", last_pem_of(EVP_EC_gen("P-256"), true));
	const char *small = file_with("small", last_pem_of(EVP_RSA_gen(1024), true));
	/* clang-format off */
	const struct {
		const char *says, **setting, *value;
		int status;
	} cases[] = {
		{"all is well", &settings.alipay_appid, APPID, 0},
		{"no app", &settings.alipay_appid, "", 1},
		{"an app of letters", &settings.alipay_appid, "wx1", 78},
		{"an app of 33 digits", &settings.alipay_appid,
			"000000000000000000000000000000000", 78},
		{"no merchant", &settings.alipay_seller_id, "", 78},
		{"a merchant of 15 digits", &settings.alipay_seller_id, "208800123456789", 78},
		{"a merchant's address", &settings.alipay_seller_id, "someone@example.", 78},
		{"a host alone", &settings.alipay_gateway, "https://h", 0},
		{"plain HTTP", &settings.alipay_gateway, "http://h/gateway.do", 78},
		{"a query of its own", &settings.alipay_gateway, "https://h/gateway.do?a=1", 78},
		{"no host", &settings.alipay_gateway, "https:///gateway.do", 78},
		{"notify URL without TLS", &settings.issuer, "http://h", 78},
		{"notify URL with a path", &settings.issuer, "https://h/", 78},
		{"no private key", &settings.alipay_key_file, "", 78},
		{"a private key that isn't there", &settings.alipay_key_file, "/nowhere/k", 78},
		{"a public private key", &settings.alipay_key_file,
			settings.alipay_public_key_file, 78},
		{"a private public key", &settings.alipay_public_key_file,
			settings.alipay_key_file, 78},
		{"a key of another family", &settings.alipay_key_file, ec, 78},
		{"a key of 1024 bits", &settings.alipay_key_file, small, 78},
		{"no public key", &settings.alipay_public_key_file, "", 78},
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
	assert_int_equal(chmod(settings.alipay_key_file, 0644), 0);
	assert_int_equal(init_status(), 78);
	assert_int_equal(chmod(settings.alipay_key_file, 0600), 0);
}

static void the_order_says_what_the_documents_ask_for(void **state)
{
	struct channel_order o = {.method = "native",
		.description = "星河羽毛球馆 3/4号场",
		.out_trade_no = "20261123000001A01",
		.expires = {now.us + 123456},
		.total = {12050},
		.payer = "0123abc"};

	(void)state;
	assert_string_equal(alipay_channel.order_body(mem, &o),
		"{\"out_trade_no\":\"20261123000001A01\",\"total_amount\":\"120.50\","
		"\"subject\":\"星河羽毛球馆 3 4号场\",\"time_expire\":\"" NOW_TEXT "\"}");
	o.method = "jsapi";
	assert_string_equal(alipay_channel.order_body(mem, &o),
		"{\"out_trade_no\":\"20261123000001A01\",\"total_amount\":\"120.50\","
		"\"subject\":\"星河羽毛球馆 3 4号场\",\"time_expire\":\"" NOW_TEXT
		"\","
		"\"product_code\":\"JSAPI_PAY\",\"op_app_id\":\"" APPID
		"\","
		"\"buyer_open_id\":\"0123abc\"}");
}

static void the_refund_has_a_number_and_its_own_sum(void **state)
{
	struct channel_refund_request r = {.out_trade_no = "20261123000001A01",
		.out_refund_no = "20261123000001A01R01",
		.reason = "下雨,\n取消",
		.refund = {5000},
		.total = {12050}};

	(void)state;
	assert_string_equal(alipay_channel.refund_body(mem, &r),
		"{\"out_trade_no\":\"20261123000001A01\","
		"\"out_request_no\":\"20261123000001A01R01\",\"refund_amount\":\"50.00\","
		"\"refund_reason\":\"下雨  取消\"}");
	r.reason = NULL;
	assert_null(strstr(alipay_channel.refund_body(mem, &r), "reason"));
}

static void the_customers_side_gets_what_it_needs(void **state)
{
	struct buf b = buf_in(mem, 1024);

	(void)state;
	json_open(&b, NULL, '{');
	assert_int_equal(alipay_channel.write_ticket(&b, mem, "jsapi", "20261"), E_OK);
	json_close(&b, '}');
	assert_string_equal(
		buf_text(&b), "{\"pay_params\":{\"tradeNO\":\"20261\"},\"code_url\":null}");
	buf_clear(&b);
	json_open(&b, NULL, '{');
	assert_int_equal(
		alipay_channel.write_ticket(&b, mem, "native", "https://qr.alipay.com/b"),
		E_OK);
	json_close(&b, '}');
	assert_string_equal(
		buf_text(&b), "{\"pay_params\":null,\"code_url\":\"https://qr.alipay.com/b\"}");
}

/* The query carries all but biz_content, and a signature over that too. */
static void the_address_is_signed_with_the_body(void **state)
{
	struct alipay_exchange x = {.method = "alipay.trade.query",
		.biz = "{\"out_trade_no\":\"球1\"}",
		.notify = true};
	const char *url = alipay_url(mem, &x, now), *at = strchr(url, '?');
	struct key *public =
		key_parse(KEY_PUBLIC, bytes_of(last_pem_of(EVP_RSA_gen(2048), false)));
	struct alipay_params p;

	(void)state;
	assert_non_null(at);
	assert_memory_equal(url, "https://127.0.0.1:1/gateway.do?", (size_t)(at - url) + 1);
	assert_true(alipay_form_read(mem, bytes_of(at + 1), &p));
	assert_string_equal(alipay_param_get(&p, "timestamp"), NOW_TEXT);
	assert_string_equal(alipay_param_get(&p, "charset"), "utf-8");
	assert_string_equal(
		alipay_param_get(&p, "notify_url"), "https://play.example.com/notify/alipay");
	assert_null(alipay_param_get(&p, "biz_content"));
	assert_true(alipay_param_add(&p, "biz_content", x.biz));
	assert_string_equal(alipay_param_get(&p, "sign"),
		alipay_sign(
			mem, alipay_merchant.key, alipay_signed_text(mem, &p, ALIPAY_REQUEST)));
	x.notify = false;
	assert_null(strstr(alipay_url(mem, &x, now), "notify_url"));
	struct key *own = alipay_merchant.key;
	alipay_merchant.key = public;
	assert_null(alipay_url(mem, &x, now));
	alipay_merchant.key = own;
	key_free(public);
}

static void nobody_there_means_not_sent(void **state)
{
	struct channel_payment p;
	struct channel_refund r;
	const char *ticket;

	(void)state;
	assert_int_equal(alipay_channel.prepay(mem, "native", "{}", &ticket), E_UPSTREAM);
	assert_int_equal(alipay_channel.query(mem, "A01", &p), E_UPSTREAM);
	assert_int_equal(alipay_channel.close(mem, "A01"), E_UPSTREAM);
	assert_int_equal(alipay_channel.refund(mem,
				 "{\"out_trade_no\":\"A01\",\"out_request_no\":\"R1\","
				 "\"refund_amount\":\"1.00\"}",
				 &r),
		E_UPSTREAM);
	assert_int_equal(alipay_channel.refund(mem, "{}", &r), E_INTERNAL);
	assert_int_equal(alipay_channel.refund_query(mem, "A01", "R1", &r), E_UPSTREAM);
}

static int begin_all(void **state)
{
	(void)state;
	alishop_begin();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	alishop_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_settings_end_the_program_with_78),
		cmocka_unit_test(the_order_says_what_the_documents_ask_for),
		cmocka_unit_test(the_refund_has_a_number_and_its_own_sum),
		cmocka_unit_test(the_customers_side_gets_what_it_needs),
		cmocka_unit_test(the_address_is_signed_with_the_body),
		cmocka_unit_test(nobody_there_means_not_sent),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
