#include "test.h"

#include "codec/crypto.h"
#include "es256.h"
#include "vectors.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

static bool is_kind(const cJSON *v, const char *kind)
{
	return strcmp(text_of(v, "kind"), kind) == 0;
}

static void rsa_signatures_are_the_published_ones(void **state)
{
	const cJSON *v;
	int count = 0;

	(void)state;
	cJSON_ArrayForEach(v, vectors("vectors"))
	{
		struct bytes signature;

		if (!is_kind(v, "rsa-sha256-pkcs1v15-sign"))
			continue;
		print_message("  %s\n", text_of(v, "id"));
		struct key *key = key_of(v, KEY_PRIVATE);
		assert_true(rsa_sign(mem, key, bytes_of(text_of(v, "message")), &signature));
		assert_string_equal(
			base64_write(mem, signature), text_of(v, "expected_signature"));
		key_free(key);
		count++;
	}
	assert_true(count >= 9);
}

static void rsa_signatures_of_others_are_judged_as_published(void **state)
{
	const cJSON *v;
	int count = 0;

	(void)state;
	cJSON_ArrayForEach(v, vectors("vectors"))
	{
		const char *signature = text_of(v, "signature");
		struct bytes raw;

		if (!is_kind(v, "rsa-sha256-pkcs1v15-verify"))
			continue;
		print_message("  %s\n", text_of(v, "id"));
		struct key *key = key_of(v, KEY_PUBLIC);
		bool valid = base64_read(mem, signature, strlen(signature), &raw) &&
			     rsa_verify(key, bytes_of(text_of(v, "message")), raw);
		assert_int_equal(valid,
			cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "expect_valid")));
		if (valid) {
			struct bytes less = {raw.at, raw.len - 1};
			struct bytes other = bytes_of("another text");

			assert_false(rsa_verify(key, bytes_of(text_of(v, "message")), less));
			assert_false(rsa_verify(key, other, raw));
		}
		key_free(key);
		count++;
	}
	assert_true(count >= 8);
}

static void certificates_tell_their_serial(void **state)
{
	const cJSON *v;
	int count = 0;

	(void)state;
	cJSON_ArrayForEach(v, vectors("vectors"))
	{
		if (!is_kind(v, "x509-serial-hex-upper"))
			continue;
		struct key *key =
			key_parse(KEY_CERTIFICATE, bytes_of(text_of(v, "certificate_pem")));
		assert_non_null(key);
		assert_string_equal(key_serial(key), text_of(v, "expected_serial"));
		key_free(key);
		count++;
	}
	assert_true(count >= 5);
}

static void a_certificate_is_good_between_its_dates_only(void **state)
{
	/* 2022-05-10T02:04:30Z to 2025-05-09T02:04:30Z */
	static const struct {
		int64_t at_s;
		bool good;
	} cases[] = {
		{1652148269, false},
		{1652148270, true},
		{1700000000, true},
		{1746756270, true},
		{1746756271, false},
	};
	struct key *key = key_parse(
		KEY_CERTIFICATE, bytes_of(key_text("java-wechatpay", "certificate_pem")));

	(void)state;
	assert_non_null(key);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
			key_valid_at(key, (stamp){cases[i].at_s * 1000000}), cases[i].good);
	key_free(key);
}

/* The PEM of a new key; with a passphrase or in its public form on demand. */
static struct bytes pem_of(EVP_PKEY *pkey, bool public, const char *passphrase)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *at;

	if (public)
		PEM_write_bio_PUBKEY(b, pkey);
	else
		PEM_write_bio_PKCS8PrivateKey(b, pkey, passphrase ? EVP_aes_128_cbc() : NULL,
			passphrase, passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	long n = BIO_get_mem_data(b, &at);
	char *copy = arena_alloc(mem, (size_t)n + 1, 1);
	memcpy(copy, at, (size_t)n);
	BIO_free(b);
	return bytes_of(copy);
}

static void unfit_keys_are_refused(void **state)
{
	EVP_PKEY *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
	EVP_PKEY *small = EVP_RSA_gen(1024), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	/* clang-format off */
	const struct {
		const char *says;
		struct bytes pem;
		enum key_kind kind;
		bool good;
	} cases[] = {
		{"a private P-256 key", pem_of(p256, false, NULL), KEY_PRIVATE, true},
		{"a public P-256 key", pem_of(p256, true, NULL), KEY_PUBLIC, true},
		{"a public key as private", pem_of(p256, true, NULL), KEY_PRIVATE, false},
		{"a private key as public", pem_of(p256, false, NULL), KEY_PUBLIC, false},
		{"a public key as certificate", pem_of(p256, true, NULL), KEY_CERTIFICATE, false},
		{"a passphrase is wanted", pem_of(p256, false, "pass"), KEY_PRIVATE, false},
		{"P-384", pem_of(p384, false, NULL), KEY_PRIVATE, false},
		{"RSA of 1024 bits", pem_of(small, false, NULL), KEY_PRIVATE, false},
		{"Ed25519", pem_of(ed, false, NULL), KEY_PRIVATE, false},
		{"nothing", bytes_of(""), KEY_PRIVATE, false},
		{"not PEM", bytes_of("key"), KEY_PUBLIC, false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		print_message("  %s\n", cases[i].says);
		struct key *key = key_parse(cases[i].kind, cases[i].pem);
		assert_int_equal(key != NULL, cases[i].good);
		key_free(key);
	}
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ed);
}

static void es256_takes_only_64_bytes_of_the_right_key(void **state)
{
	EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
	struct key *signer = key_parse(KEY_PRIVATE, pem_of(a, false, NULL));
	struct key *public = key_parse(KEY_PUBLIC, pem_of(a, true, NULL));
	struct key *other = key_parse(KEY_PUBLIC, pem_of(b, true, NULL));
	struct key *rsa = key_of(vector("java-sign-message"), KEY_PRIVATE);
	unsigned char sig[ES256_BYTES + 1] = {0}, zero[ES256_BYTES] = {0}, ones[ES256_BYTES];
	struct bytes text = bytes_of("text");

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (int i = 0; i < 50; i++) { /* now and then r or s begins with a zero byte */
		assert_true(es256_sign(signer, text, sig));
		assert_true(es256_verify(public, text, (struct bytes){sig, ES256_BYTES}));
		assert_true(es256_verify(signer, text, (struct bytes){sig, ES256_BYTES}));
	}
	assert_false(es256_verify(other, text, (struct bytes){sig, ES256_BYTES}));
	assert_false(es256_verify(rsa, text, (struct bytes){sig, ES256_BYTES}));
	assert_false(es256_verify(public, bytes_of("texT"), (struct bytes){sig, ES256_BYTES}));
	for (size_t n = 0; n <= sizeof(sig); n++)
		if (n != ES256_BYTES)
			assert_false(es256_verify(public, text, (struct bytes){sig, n}));
	assert_false(es256_verify(public, text, (struct bytes){zero, ES256_BYTES}));
	assert_false(es256_verify(public, text, (struct bytes){ones, ES256_BYTES}));
	assert_false(es256_sign(public, text, sig));
	assert_false(es256_sign(rsa, text, sig));
	struct bytes out;
	assert_false(rsa_sign(mem, signer, text, &out));
	assert_false(rsa_verify(signer, text, (struct bytes){sig, ES256_BYTES}));
	key_free(signer);
	key_free(public);
	key_free(other);
	key_free(rsa);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_signatures_are_the_published_ones),
		cmocka_unit_test(rsa_signatures_of_others_are_judged_as_published),
		cmocka_unit_test(certificates_tell_their_serial),
		cmocka_unit_test(a_certificate_is_good_between_its_dates_only),
		cmocka_unit_test(unfit_keys_are_refused),
		cmocka_unit_test(es256_takes_only_64_bytes_of_the_right_key),
	};

	return RUN_TESTS(tests);
}
