#include "test.h"

#include "merchant.h"

static const stamp then = {1700000600 * SECOND};

static struct wechatpay_signed letter(const char *id)
{
	const cJSON *v = vector(id), *h = cJSON_GetObjectItemCaseSensitive(v, "headers");

	return (struct wechatpay_signed){.timestamp = text_of(h, "Wechatpay-Timestamp"),
		.nonce = text_of(h, "Wechatpay-Nonce"),
		.signature = text_of(h, "Wechatpay-Signature"),
		.serial = text_of(h, "Wechatpay-Serial"),
		.body = bytes_of(text_of(v, "body"))};
}

static void the_refund_body_is_what_the_documents_ask_for(void **state)
{
	struct wechatpay_refund_request r = {.out_trade_no = "2026112300000001A01",
		.out_refund_no = "2026112300000001R01",
		.reason = "用户取消 \"A\"",
		.refund = {6000},
		.total = {12000}};

	(void)state;
	assert_string_equal(wechatpay_refund_body(mem, &r),
		"{\"out_trade_no\":\"2026112300000001A01\","
		"\"out_refund_no\":\"2026112300000001R01\","
		"\"reason\":\"用户取消 \\\"A\\\"\","
		"\"notify_url\":\"https://play.example.com/notify/wechat/refund\","
		"\"amount\":{\"refund\":6000,\"total\":12000,\"currency\":\"CNY\"}}");
	r.reason = NULL;
	assert_null(strstr(wechatpay_refund_body(mem, &r), "reason"));
	r.reason = "";
	assert_null(strstr(wechatpay_refund_body(mem, &r), "reason"));
	r.reason = "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十";
	const char *cut = strstr(wechatpay_refund_body(mem, &r), "\"reason\":\"") + 10;
	assert_int_equal(strcspn(cut, "\""), 78); /* 26 whole characters */
}

static void a_refund_notice_is_read(void **state)
{
	struct wechatpay_signed s = letter("made-notify-refund-success");
	struct wechatpay_refund r;

	(void)state;
	assert_int_equal(wechatpay_refund_notice_read(mem, &s, then, &r), E_OK);
	assert_string_equal(r.id, "EV-2023111506232000002");
	assert_string_equal(r.event_type, "REFUND.SUCCESS");
	assert_string_equal(r.mchid, "1234567891");
	assert_string_equal(r.out_trade_no, "BK20231115000001");
	assert_string_equal(r.transaction_id, "4200001234202311150000000001");
	assert_string_equal(r.out_refund_no, "RF20231115000001-1");
	assert_string_equal(r.refund_id, "50300001232023111500000001");
	assert_string_equal(r.status, "SUCCESS");
	assert_int_equal(r.success_time.us, 1700000599 * SECOND);
	assert_int_equal(r.refund.fen, 6000);
	assert_int_equal(r.total.fen, 12000);
	assert_null(r.refusal);
	assert_string_equal(r.plaintext,
		text_of(vector("made-notify-refund-success"), "expected_plaintext"));
}

static void a_payment_notice_is_no_refund(void **state)
{
	struct wechatpay_signed s = letter("made-notify-transaction-success");
	struct wechatpay_refund r;

	(void)state;
	assert_int_equal(
		wechatpay_refund_notice_read(mem, &s, (stamp){1700000000 * SECOND}, &r), E_OK);
	assert_string_equal(r.event_type, "TRANSACTION.SUCCESS");
	assert_non_null(r.id);
	assert_null(r.out_refund_no);
	assert_null(r.status);
}

static void forged_refund_notices_are_refused(void **state)
{
	const struct wechatpay_signed good = letter("made-notify-refund-success");
	struct wechatpay_signed bad[4];
	struct wechatpay_refund r;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad[i] = good;
	bad[0].signature = letter("made-notify-transaction-success").signature;
	bad[1].serial = NULL;
	bad[2].body.len--;
	bad[3].timestamp = "1700000601";
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(
			wechatpay_refund_notice_read(mem, &bad[i], then, &r), E_NOTIFY_REFUSED);
	stamp late = {then.us + 310 * SECOND};
	assert_int_equal(wechatpay_refund_notice_read(mem, &good, late, &r), E_NOTIFY_REFUSED);
	assert_null(r.out_refund_no);
}

static void refunds_that_lack_something_are_none(void **state)
{
#define IDS \
	"\"refund_id\":\"50\",\"out_refund_no\":\"R\",\"out_trade_no\":\"A\",\"transaction_id\":\"42\""
#define DONE "\"status\":\"SUCCESS\",\"success_time\":\"2023-11-15T06:23:19+08:00\""
#define SUM "\"amount\":{\"refund\":1,\"total\":2}"
	/* clang-format off */
	static const struct {
		const char *says, *json;
		bool good;
	} cases[] = {
		{"complete", "{" IDS "," DONE "," SUM "}", true},
		{"accepted", "{" IDS ",\"status\":\"PROCESSING\"," SUM "}", true},
		{"abnormal", "{" IDS ",\"status\":\"ABNORMAL\"," SUM "}", true},
		{"closed, as notifies call it", "{" IDS ",\"refund_status\":\"CLOSED\"," SUM "}", true},
		{"all of it", "{" IDS "," DONE ",\"amount\":{\"refund\":2,\"total\":2}}", true},
		{"with more than we know", "{" IDS "," DONE "," SUM ",\"channel\":\"ORIGINAL\"}", true},
		{"no state", "{" IDS "," SUM "}", false},
		{"a state that we don't know", "{" IDS ",\"status\":\"PAUSED\"," SUM "}", false},
		{"two states in one", "{" IDS ",\"status\":\"SUCCESS|CLOSED\"," SUM "}", false},
		{"no sum", "{" IDS "," DONE "}", false},
		{"a sum of nothing", "{" IDS "," DONE ",\"amount\":{\"refund\":0,\"total\":2}}", false},
		{"more than was paid", "{" IDS "," DONE ",\"amount\":{\"refund\":3,\"total\":2}}", false},
		{"half a fen", "{" IDS "," DONE ",\"amount\":{\"refund\":0.5,\"total\":2}}", false},
		{"of nobody knows what", "{" IDS "," DONE ",\"amount\":{\"refund\":1}}", false},
		{"nobody's", "{" DONE "," SUM "}", false},
		{"at no time", "{" IDS ",\"status\":\"SUCCESS\",\"success_time\":\"now\"," SUM "}", false},
		{"a list", "[]", false},
		{"XML", "<xml/>", false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wechatpay_refund r = {.id = "E1"};

		print_message("  %s\n", cases[i].says);
		assert_int_equal(
			wechatpay_refund_read(mem, bytes_of(cases[i].json), &r), cases[i].good);
		if (cases[i].good)
			assert_string_equal(r.id, "E1");
	}
}

static void nobody_there_means_not_sent(void **state)
{
	struct wechatpay_refund_request ask = {"A00001", "R1", NULL, {1}, {2}};
	const char *body = wechatpay_refund_body(mem, &ask);
	struct wechatpay_refund r;
	struct wechatpay_bill bill;

	(void)state;
	assert_int_equal(wechatpay_close(mem, "A00001"), E_UPSTREAM);
	assert_int_equal(wechatpay_refund(mem, body, &r), E_UPSTREAM);
	assert_null(r.refusal);
	assert_int_equal(wechatpay_refund(mem, "{}", &r), E_INTERNAL);
	assert_int_equal(wechatpay_refund(mem, "", &r), E_INTERNAL);
	assert_int_equal(wechatpay_refund_query(mem, "R1", &r), E_UPSTREAM);
	assert_int_equal(wechatpay_bill_url(mem, BILL_TRADE, (date){20000}, &bill), E_UPSTREAM);
	assert_null(bill.refusal);
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
		cmocka_unit_test(the_refund_body_is_what_the_documents_ask_for),
		cmocka_unit_test(a_refund_notice_is_read),
		cmocka_unit_test(a_payment_notice_is_no_refund),
		cmocka_unit_test(forged_refund_notices_are_refused),
		cmocka_unit_test(refunds_that_lack_something_are_none),
		cmocka_unit_test(nobody_there_means_not_sent),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
