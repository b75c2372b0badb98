#include "test.h"

#include "codec/crypto.h"
#include "vectors.h"

static bool is_kind(const cJSON *v, const char *kind)
{
	return strcmp(text_of(v, "kind"), kind) == 0;
}

static void digests_are_the_published_ones(void **state)
{
	static const char *const ids[] = {
		"wxma-session-signature-post", "wxma-checksession-signature-get"};
	unsigned char sum[SHA256_BYTES];
	char hex[SHA256_HEX];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_string_equal(
		hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const cJSON *v = vector(ids[i]);
		const char *data = text_of(v, "data");

		hmac_sha256(bytes_of(text_of(v, "session_key")), data, strlen(data), sum);
		for (size_t k = 0; k < sizeof(sum); k++)
			snprintf(hex + 2 * k, 3, "%02x", sum[k]);
		assert_string_equal(hex, text_of(v, "expected_signature"));
	}
}

static void random_texts_differ_and_keep_to_their_alphabet(void **state)
{
	char a[33], b[33];

	(void)state;
	random_text(a, 32);
	random_text(b, 32);
	assert_string_not_equal(a, b);
	assert_int_equal(
		strspn(a, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
		32);
}

static void base64_takes_only_what_it_would_have_written(void **state)
{
	static const struct {
		const char *says, *text, *plain, *url; /* NULL: refused */
	} cases[] = {
		{"nothing", "", "", ""},
		{"one byte", "Zg==", "f", NULL},
		{"two bytes", "Zm8=", "fo", NULL},
		{"three bytes", "Zm9v", "foo", "foo"},
		{"one byte unpadded", "Zg", NULL, "f"},
		{"two bytes unpadded", "Zm8", NULL, "fo"},
		{"the standard's last digits", "/+/+", "\xff\xef\xfe", NULL},
		{"the URL form's last digits", "_-_-", NULL, "\xff\xef\xfe"},
		{"half the padding", "Zg=", NULL, NULL},
		{"too much padding", "Zm8==", NULL, NULL},
		{"four pads", "====", NULL, NULL},
		{"three pads", "Z===", NULL, NULL},
		{"padding in the middle", "Zg==Zg==", NULL, NULL},
		{"a pad where a digit belongs", "Z=g=", NULL, NULL},
		{"a lone digit", "Z", NULL, NULL},
		{"a lone digit behind four", "Zm9vZ", NULL, NULL},
		{"a blank in front", " Zm9v", NULL, NULL},
		{"a blank inside", "Zm 9v", NULL, NULL},
		{"a line end behind", "Zm9v\n", NULL, NULL},
		{"a line end and filling", "Zm9\n", NULL, NULL},
		{"stray bits behind one byte", "Zh==", NULL, NULL},
		{"stray bits behind two bytes", "Zm9=", NULL, NULL},
		{"stray bits unpadded", "Zh", NULL, NULL},
		{"not ASCII", "Zm9\xc3", NULL, NULL},
		{"a dot", "Zm9.", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *text = cases[i].text;
		struct bytes out;

		print_message("  %s\n", cases[i].says);
		bool ok = base64_read(mem, text, strlen(text), &out);
		assert_int_equal(ok, cases[i].plain != NULL);
		if (ok)
			assert_string_equal((const char *)out.at, cases[i].plain);
		ok = base64url_read(mem, text, strlen(text), &out);
		assert_int_equal(ok, cases[i].url != NULL);
		if (ok)
			assert_string_equal((const char *)out.at, cases[i].url);
	}
}

static void base64_gives_every_length_back(void **state)
{
	unsigned char raw[200];

	(void)state;
	random_bytes(raw, sizeof(raw));
	for (size_t n = 0; n <= sizeof(raw); n++) {
		char *text = base64_write(mem, (struct bytes){raw, n});
		char *url = base64url_write(mem, (struct bytes){raw, n});
		struct bytes out;

		assert_true(base64_read(mem, text, strlen(text), &out));
		assert_int_equal(out.len, n);
		assert_memory_equal(out.at, raw, n);
		assert_true(base64url_read(mem, url, strlen(url), &out));
		assert_int_equal(out.len, n);
		assert_memory_equal(out.at, raw, n);
	}
}

static struct sealed sealed_of(const cJSON *v)
{
	const char *text = text_of(v, "ciphertext_b64");
	struct sealed s = {.nonce = bytes_of(text_of(v, "nonce")),
		.extra = bytes_of(text_of(v, "associated_data"))};

	assert_true(base64_read(mem, text, strlen(text), &s.text));
	return s;
}

static void sealed_texts_open_as_published(void **state)
{
	const cJSON *v;
	int count = 0;

	(void)state;
	cJSON_ArrayForEach(v, vectors("vectors"))
	{
		if (!is_kind(v, "aead-aes-gcm-decrypt"))
			continue;
		print_message("  %s\n", text_of(v, "id"));
		struct bytes out, key = bytes_of(text_of(v, "key_utf8"));
		struct sealed s = sealed_of(v);
		assert_true(aesgcm_open(mem, key, &s, &out));
		assert_string_equal((const char *)out.at, text_of(v, "expected_plaintext"));
		assert_int_equal(aes256gcm_open(mem, key, &s, &out), key.len == 32);
		count++;
	}
	assert_true(count >= 6);
}

static void a_sealed_text_with_one_wrong_bit_does_not_open(void **state)
{
	const cJSON *v = vector("java-aes-message");
	struct bytes key = bytes_of(text_of(v, "key_utf8")), out;
	struct sealed s = sealed_of(v);
	unsigned char *bits = arena_alloc(mem, s.text.len, 1);

	(void)state;
	for (size_t i = 0; i < s.text.len * 8; i++) {
		struct sealed bad = s;

		memcpy(bits, s.text.at, s.text.len);
		bits[i / 8] = (unsigned char)(bits[i / 8] ^ 1U << i % 8);
		bad.text.at = bits;
		assert_false(aes256gcm_open(mem, key, &bad, &out));
		assert_int_equal(out.len, 0);
	}
	struct sealed bad = s;
	bad.extra = bytes_of("associatedDatb");
	assert_false(aes256gcm_open(mem, key, &bad, &out));
	bad.extra = bytes_of("");
	assert_false(aes256gcm_open(mem, key, &bad, &out));
	assert_false(
		aes256gcm_open(mem, bytes_of("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gc"), &s, &out));
}

static void malformed_nonces_keys_and_lengths_are_refused_calmly(void **state)
{
	const cJSON *v = vector("java-aes-message");
	struct bytes key = bytes_of(text_of(v, "key_utf8")), out;
	struct sealed good = sealed_of(v);
	unsigned char many[5000] = {0};

	(void)state;
	for (size_t n = 0; n <= sizeof(many); n = n < 40 ? n + 1 : n * 2) {
		struct sealed bad = good;

		bad.nonce = (struct bytes){many, n};
		assert_false(aes256gcm_open(mem, key, &bad, &out));
	}
	for (size_t n = 0; n < good.text.len; n++) {
		struct sealed bad = good;

		bad.text.len = n;
		assert_false(aes256gcm_open(mem, key, &bad, &out));
	}
	for (size_t n = 0; n < 80; n++)
		if (n != 32)
			assert_false(aes256gcm_open(mem, (struct bytes){many, n}, &good, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_the_published_ones),
		cmocka_unit_test(random_texts_differ_and_keep_to_their_alphabet),
		cmocka_unit_test(base64_takes_only_what_it_would_have_written),
		cmocka_unit_test(base64_gives_every_length_back),
		cmocka_unit_test(sealed_texts_open_as_published),
		cmocka_unit_test(a_sealed_text_with_one_wrong_bit_does_not_open),
		cmocka_unit_test(malformed_nonces_keys_and_lengths_are_refused_calmly),
	};

	return RUN_TESTS(tests);
}
