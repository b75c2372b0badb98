#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "vectors.h"
#include "wechatpay/certs.h"
#include "wechatpay/notify.h"

/* The merchant of WeChat Pay's own documents. */
static struct wechatpay_merchant documented(const struct key *key)
{
	return (struct wechatpay_merchant){.mchid = "1900007291",
		.appid = "wx2421b1c4370ec43b",
		.serial = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
		.pubkey_id = "",
		.key = key};
}

static struct wechatpay_request request_of(const cJSON *v, const char *target)
{
	return (struct wechatpay_request){.method = text_of(v, "method"),
		.target = target,
		.at = strtoll(text_of(v, "timestamp"), NULL, 10),
		.nonce = text_of(v, "nonce_str"),
		.body = bytes_of(text_of(v, "body"))};
}

static void the_text_to_sign_is_the_documented_one(void **state)
{
	static const char *const ids[] = {"doc-req-post-jsapi-1900007291",
		"doc-req-post-jsapi-1230000109", "doc-req-get-refund-path",
		"doc-req-get-query-encoded", "doc-req-post-upload-meta"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const cJSON *v = vector(ids[i]);
		struct wechatpay_request q = request_of(v, text_of(v, "url"));
		struct bytes text = wechatpay_signed_text(mem, &q), want;

		print_message("  %s\n", ids[i]);
		want = bytes_of(text_of(v, "message"));
		assert_int_equal(text.len, want.len);
		assert_memory_equal(text.at, want.at, want.len);
	}
	const cJSON *v = vector("java-canonical-get");
	struct wechatpay_request q = request_of(
		v, strstr(text_of(v, "url"), "/v3/")); /* scheme and host are not signed */
	struct bytes text = wechatpay_signed_text(mem, &q);
	assert_int_equal(text.len, strlen(text_of(v, "expected_message")));
	assert_memory_equal(text.at, text_of(v, "expected_message"), text.len);
}

static void the_authorization_header_is_the_documented_one(void **state)
{
	const cJSON *v = vector("doc-req-post-jsapi-1900007291");
	struct key *key = key_of(v, KEY_PRIVATE);
	struct wechatpay_merchant m = documented(key);
	struct wechatpay_request q = request_of(v, text_of(v, "url"));

	(void)state;
	assert_string_equal(
		wechatpay_authorization(mem, &m, &q), text_of(v, "authorization_header"));
	key_free(key);
}

static void a_public_key_signs_nothing(void **state)
{
	struct key *key = key_of(vector("doc-response-verify-native"), KEY_PUBLIC);
	struct wechatpay_merchant m = documented(key);
	struct wechatpay_request q = {.method = "GET", .target = "/", .nonce = "n"};

	(void)state;
	assert_null(wechatpay_authorization(mem, &m, &q));
	key_free(key);
}

static void the_pay_sign_is_the_documented_one(void **state)
{
	const cJSON *v = vector("doc-paysign-jsapi");
	struct key *key = key_of(v, KEY_PRIVATE);
	struct wechatpay_merchant m = documented(key);
	struct wechatpay_pay_params p = {.time_stamp = text_of(v, "timeStamp"),
		.nonce_str = text_of(v, "nonceStr"),
		.package = text_of(v, "package")};

	(void)state;
	assert_string_equal(m.appid, text_of(v, "appId"));
	assert_string_equal(wechatpay_pay_sign(mem, &m, &p), text_of(v, "expected_signature"));
	key_free(key);
}

static struct wechatpay_signed signed_of(const cJSON *v)
{
	const cJSON *h = cJSON_GetObjectItemCaseSensitive(v, "headers");

	return (struct wechatpay_signed){.timestamp = text_of(h, "Wechatpay-Timestamp"),
		.nonce = text_of(h, "Wechatpay-Nonce"),
		.signature = text_of(h, "Wechatpay-Signature"),
		.serial = text_of(h, "Wechatpay-Serial"),
		.body = bytes_of(text_of(v, "body"))};
}

static void answers_are_believed_if_signed_and_only_then(void **state)
{
	static const struct {
		const char *id;
		bool good;
	} cases[] = {
		{"doc-response-verify-native", true},
		{"doc-response-signtest-probe", false},
		{"go-notify-full", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const cJSON *v = vector(cases[i].id);
		struct wechatpay_signed s = signed_of(v);
		struct key *key = key_of(v, KEY_PUBLIC);

		print_message("  %s\n", cases[i].id);
		assert_int_equal(wechatpay_verify(mem, key, &s), cases[i].good);
		s.signature = "WECHATPAY/SIGNTEST/not base64 at all";
		assert_false(wechatpay_verify(mem, key, &s));
		s = signed_of(v);
		s.nonce = "another";
		assert_false(wechatpay_verify(mem, key, &s));
		s = signed_of(v);
		s.body.len--;
		assert_false(wechatpay_verify(mem, key, &s));
		key_free(key);
	}
}

static void a_signature_is_fresh_for_300_seconds_each_way(void **state)
{
	static const struct {
		const char *says, *timestamp;
		int64_t now_s;
		bool fresh;
	} cases[] = {
		{"now", "1700000000", 1700000000, true},
		{"290 s old", "1700000000", 1700000290, true},
		{"290 s ahead", "1700000000", 1699999710, true},
		{"310 s old", "1700000000", 1700000310, false},
		{"310 s ahead", "1700000000", 1699999690, false},
		{"not a number", "now", 1700000000, false},
		{"a blank in front", " 1700000000", 1700000000, false},
		{"a sign in front", "+1700000000", 1700000000, false},
		{"a fraction", "1700000000.0", 1700000000, false},
		{"milliseconds", "1700000000000", 1700000000, false},
		{"empty", "", 0, false},
		{"absent", NULL, 1700000000, false},
		{"wraps round to now", "18446744075409551616", 1700000000, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wechatpay_signed s = {cases[i].timestamp, "n", "s", "1", {0}};

		print_message("  %s\n", cases[i].says);
		assert_int_equal(wechatpay_is_fresh(&s, (stamp){cases[i].now_s * SECOND}),
			cases[i].fresh);
		s.nonce = NULL;
		assert_false(wechatpay_is_fresh(&s, (stamp){cases[i].now_s * SECOND}));
	}
}

static void serials_match_exactly_and_within_their_dates(void **state)
{
	static const char serial[] = "440024045C4A427599D09BB4E3DE0279F2E813FD";
	const char *pem = key_text("java-wechatpay", "certificate_pem");
	stamp good = {1700000000 * SECOND}, late = {1800000000 * SECOND};
	struct wechatpay_keyring ring = {0};

	(void)state;
	assert_true(wechatpay_keyring_add(
		&ring, serial, key_parse(KEY_CERTIFICATE, bytes_of(pem))));
	assert_non_null(wechatpay_keyring_find(&ring, serial, good));
	assert_null(wechatpay_keyring_find(&ring, serial, late));
	assert_null(wechatpay_keyring_find(
		&ring, "440024045c4a427599d09bb4e3de0279f2e813fd", good));
	assert_null(
		wechatpay_keyring_find(&ring, "440024045C4A427599D09BB4E3DE0279F2E813F", good));
	assert_null(wechatpay_keyring_find(&ring, "", good));
	while (wechatpay_keyring_add(&ring, "1", key_parse(KEY_CERTIFICATE, bytes_of(pem))))
		assert_true(ring.count <= WECHATPAY_KEYS_MAX);
	assert_int_equal(ring.count, WECHATPAY_KEYS_MAX);
	wechatpay_keyring_clear(&ring);
}

static void downloaded_certificates_are_taken_by_their_own_serial(void **state)
{
	const cJSON *v = vector("java-certificates-download");
	struct bytes apiv3 = bytes_of(text_of(v, "key_utf8"));
	const char *serial = text_of(v, "certificate_serial");
	cJSON *body =
		cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(v, "response_json"), true);
	cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(body, "data"), 0);
	struct wechatpay_keyring ring = {0};

	(void)state;
	json_use(mem);
	struct bytes good = bytes_of(cJSON_PrintUnformatted(body));
	cJSON_ReplaceItemInObject(first, "serial_no", cJSON_CreateString("5DEA"));
	struct bytes other = bytes_of(cJSON_PrintUnformatted(body));
	assert_int_equal(wechatpay_certificates_read(mem, apiv3, good, &ring), E_OK);
	assert_int_equal(ring.count, 1);
	assert_non_null(wechatpay_keyring_find(&ring, serial, (stamp){1760000000 * SECOND}));
	wechatpay_keyring_clear(&ring);
	assert_int_not_equal(wechatpay_certificates_read(mem, apiv3, other, &ring), E_OK);
	assert_int_not_equal(wechatpay_certificates_read(mem,
				     bytes_of("a7cde1ZJB1kG2e7VfTs3jQzaWizur8GB"), good, &ring),
		E_OK);
	static const char *const bad[] = {"", "{}", "[]", "{\"data\":[]}",
		"{\"data\":[1,null,{}]}", "{\"data\":{\"serial_no\":\"1\"}}", "<xml/>"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_not_equal(
			wechatpay_certificates_read(mem, apiv3, bytes_of(bad[i]), &ring), E_OK);
	assert_int_equal(ring.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_to_sign_is_the_documented_one),
		cmocka_unit_test(the_authorization_header_is_the_documented_one),
		cmocka_unit_test(a_public_key_signs_nothing),
		cmocka_unit_test(the_pay_sign_is_the_documented_one),
		cmocka_unit_test(answers_are_believed_if_signed_and_only_then),
		cmocka_unit_test(a_signature_is_fresh_for_300_seconds_each_way),
		cmocka_unit_test(serials_match_exactly_and_within_their_dates),
		cmocka_unit_test(downloaded_certificates_are_taken_by_their_own_serial),
	};

	return RUN_TESTS(tests);
}
