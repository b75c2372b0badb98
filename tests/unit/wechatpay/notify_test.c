#include "test.h"

#include "merchant.h"

static struct key *sender;
static const stamp then = {1700000000 * SECOND};

static struct wechatpay_signed letter(const char *id)
{
	const cJSON *v = vector(id), *h = cJSON_GetObjectItemCaseSensitive(v, "headers");

	return (struct wechatpay_signed){.timestamp = text_of(h, "Wechatpay-Timestamp"),
		.nonce = text_of(h, "Wechatpay-Nonce"),
		.signature = text_of(h, "Wechatpay-Signature"),
		.serial = text_of(h, "Wechatpay-Serial"),
		.body = bytes_of(text_of(v, "body"))};
}

static void a_payment_notice_is_read(void **state)
{
	struct wechatpay_signed s = letter("made-notify-transaction-success");
	struct wechatpay_payment n;

	(void)state;
	assert_int_equal(wechatpay_notice_read(mem, &s, then, &n), E_OK);
	assert_string_equal(n.id, "EV-2023111506132000001");
	assert_string_equal(n.event_type, "TRANSACTION.SUCCESS");
	assert_string_equal(n.appid, "wxd678efh567hg6787");
	assert_string_equal(n.mchid, "1234567891");
	assert_string_equal(n.out_trade_no, "BK20231115000001");
	assert_string_equal(n.transaction_id, "4200001234202311150000000001");
	assert_string_equal(n.trade_state, "SUCCESS");
	assert_string_equal(n.trade_type, "JSAPI");
	assert_string_equal(n.payer_openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
	assert_string_equal(n.currency, "CNY");
	assert_int_equal(n.total.fen, 12000);
	assert_int_equal(n.success_time.us, 1699999999 * SECOND);
	assert_true(wechatpay_is_paid(&n));
	assert_string_equal(n.plaintext,
		text_of(vector("made-notify-transaction-success"), "expected_plaintext"));
}

static void a_refund_notice_is_no_payment(void **state)
{
	struct wechatpay_signed s = letter("made-notify-refund-success");
	struct wechatpay_payment n;

	(void)state;
	assert_int_equal(
		wechatpay_notice_read(mem, &s, (stamp){1700000600 * SECOND}, &n), E_OK);
	assert_string_equal(n.event_type, "REFUND.SUCCESS");
	assert_string_equal(n.out_trade_no, "BK20231115000001");
	assert_null(n.trade_state);
	assert_false(wechatpay_is_paid(&n));
}

static void notices_with_anything_wrong_outside_are_refused(void **state)
{
	const struct wechatpay_signed good = letter("made-notify-transaction-success");
	struct wechatpay_signed other = letter("made-notify-refund-success");
	const char *probe = arena_printf(mem, "WECHATPAY/SIGNTEST/%s", good.signature + 19);
	unsigned char *body = arena_alloc(mem, good.body.len, 1);
	struct wechatpay_signed bad[11];
	struct wechatpay_payment n;
	size_t i = 0;

	(void)state;
	memcpy(body, good.body.at, good.body.len);
	body[good.body.len / 2] ^= 1;
	for (size_t k = 0; k < COUNT_OF(bad); k++)
		bad[k] = good;
	bad[i++].timestamp = "1700000001";
	bad[i++].timestamp = NULL;
	bad[i++].nonce = NULL;
	bad[i++].signature = NULL;
	bad[i++].signature = "";
	bad[i++].signature = other.signature;
	bad[i++].signature = probe;
	bad[i++].serial = NULL;
	bad[i++].serial = "5F1C72E2A8931B72A2E13AF8DEE92471EB397115";
	bad[i++].body = (struct bytes){0};
	bad[i++].body.at = body;
	assert_int_equal(i, COUNT_OF(bad));
	for (i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(
			wechatpay_notice_read(mem, &bad[i], then, &n), E_NOTIFY_REFUSED);
	stamp stale = {then.us + 310 * SECOND}, early = {then.us - 310 * SECOND};
	assert_int_equal(wechatpay_notice_read(mem, &good, stale, &n), E_NOTIFY_REFUSED);
	assert_int_equal(wechatpay_notice_read(mem, &good, early, &n), E_NOTIFY_REFUSED);
}

/* A body with a true signature. */
static struct wechatpay_signed sealed_letter(const char *body)
{
	char *text = arena_printf(mem, "1700000000\nnonce\n%s\n", body);
	struct bytes signature;

	assert_true(rsa_sign(mem, sender, bytes_of(text), &signature));
	return (struct wechatpay_signed){"1700000000", "nonce", base64_write(mem, signature),
		settings.wxpay_pubkey_id, bytes_of(body)};
}

#define RESOURCE(algorithm, nonce, extra, text)                                                          \
	"{\"id\":\"E1\",\"event_type\":\"TRANSACTION.SUCCESS\",\"resource\":{\"algorithm\":\"" algorithm \
	"\",\"nonce\":\"" nonce "\",\"associated_data\":\"" extra "\",\"ciphertext\":\"" text            \
	"\"}}"

static void signed_notices_with_nonsense_inside_are_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *says, *body;
	} cases[] = {
		{"nothing", ""},
		{"XML of the second version", "<xml><return_code>SUCCESS</return_code></xml>"},
		{"cut off", "{\"id\":\"E1\",\"event_type\":\"TRANS"},
		{"an array", "[]"},
		{"no resource", "{\"id\":\"E1\",\"event_type\":\"TRANSACTION.SUCCESS\"}"},
		{"a resource that is a text",
			"{\"id\":\"E1\",\"event_type\":\"TRANSACTION.SUCCESS\",\"resource\":\"x\"}"},
		{"an id that is a number", "{\"id\":1,\"event_type\":\"T\",\"resource\":{}}"},
		{"an unknown algorithm",
			RESOURCE("AEAD_SM4_GCM", "uluk4a9R25RW", "associatedData",
				"ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")},
		{"an empty nonce", RESOURCE("AEAD_AES_256_GCM", "", "associatedData",
				"ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")},
		{"an endless nonce",
			RESOURCE("AEAD_AES_256_GCM", "uluk4a9R25RWuluk4a9R25RWuluk4a9R25RW",
				"associatedData", "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")},
		{"other associated data", RESOURCE("AEAD_AES_256_GCM", "uluk4a9R25RW", "",
				"ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")},
		{"no base64", RESOURCE("AEAD_AES_256_GCM", "uluk4a9R25RW", "associatedData", "?")},
		{"shorter than a tag",
			RESOURCE("AEAD_AES_256_GCM", "uluk4a9R25RW", "associatedData", "ulwS")},
		{"decrypts, to no JSON",
			RESOURCE("AEAD_AES_256_GCM", "uluk4a9R25RW", "associatedData",
				"ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=")},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wechatpay_signed s = sealed_letter(cases[i].body);
		struct wechatpay_payment n;

		print_message("  %s\n", cases[i].says);
		assert_true(wechatpay_verify(mem, sender, &s));
		assert_int_equal(wechatpay_notice_read(mem, &s, then, &n), E_NOTIFY_REFUSED);
	}
}

static void payments_that_lack_what_they_promise_are_refused(void **state)
{
#define WHO "\"appid\":\"a\",\"mchid\":\"m\",\"out_trade_no\":\"n\""
#define PAID                                                                       \
	"\"transaction_id\":\"t\",\"success_time\":\"2023-11-15T06:13:19+08:00\"," \
	"\"trade_state\":\"SUCCESS\""
#define SUM "\"amount\":{\"total\":1,\"currency\":\"CNY\"}"
	/* clang-format off */
	static const struct {
		const char *says, *json;
		bool good;
	} cases[] = {
		{"complete", "{" WHO "," PAID "," SUM "}", true},
		{"unpaid, with less", "{" WHO ",\"trade_state\":\"NOTPAY\"}", true},
		{"paid without a sum", "{" WHO "," PAID "}", false},
		{"a sum of nothing",
			"{" WHO "," PAID ",\"amount\":{\"total\":0,\"currency\":\"CNY\"}}", false},
		{"a negative sum",
			"{" WHO "," PAID ",\"amount\":{\"total\":-1,\"currency\":\"CNY\"}}", false},
		{"half a fen",
			"{" WHO "," PAID ",\"amount\":{\"total\":0.5,\"currency\":\"CNY\"}}", false},
		{"a sum in a text",
			"{" WHO "," PAID ",\"amount\":{\"total\":\"1\",\"currency\":\"CNY\"}}", false},
		{"no currency", "{" WHO "," PAID ",\"amount\":{\"total\":1}}", true},
		{"nothing for a currency",
			"{" WHO "," PAID ",\"amount\":{\"total\":1,\"currency\":null}}", true},
		{"a number for a currency",
			"{" WHO "," PAID ",\"amount\":{\"total\":1,\"currency\":156}}", false},
		{"nobody as payer", "{" WHO "," PAID "," SUM ",\"payer\":null}", true},
		{"a payer without a name", "{" WHO "," PAID "," SUM ",\"payer\":{\"openid\":null}}", true},
		{"a payer that is a text", "{" WHO "," PAID "," SUM ",\"payer\":\"x\"}", false},
		{"nothing for an amount", "{" WHO "," PAID ",\"amount\":null}", false},
		{"two sums", "{" WHO "," PAID "," SUM "," SUM "}", false},
		{"nobody's", "{" PAID "," SUM "}", false},
		{"without a state", "{" WHO "," SUM "}", false},
		{"an amount that is a list", "{" WHO "," PAID ",\"amount\":[1]}", false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wechatpay_payment n = {0};

		print_message("  %s\n", cases[i].says);
		assert_int_equal(wechatpay_payment_read(mem, bytes_of(cases[i].json), &n),
			cases[i].good);
	}
}

static int begin_all(void **state)
{
	(void)state;
	merchant_begin();
	sender = key_of(vector("made-notify-transaction-success"), KEY_PRIVATE);
	wechatpay_init();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	key_free(sender);
	merchant_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payment_notice_is_read),
		cmocka_unit_test(a_refund_notice_is_no_payment),
		cmocka_unit_test(notices_with_anything_wrong_outside_are_refused),
		cmocka_unit_test(signed_notices_with_nonsense_inside_are_refused),
		cmocka_unit_test(payments_that_lack_what_they_promise_are_refused),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
