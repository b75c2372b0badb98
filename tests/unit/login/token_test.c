#include "test.h"

#include "codec/crypto.h"
#include "es256.h"
#include "forgeries.h"
#include "keyfolder.h"

#include <inttypes.h>
#include <jwt.h>

/* Keys a (current) and b sign here; of c we have the public half only; the
 * stranger's key we don't have. */
static EVP_PKEY *a, *b, *c, *stranger;
static int64_t now_s;

enum { DER_ROOM = 128 };

static EVP_PKEY *pkey_of(enum signer by)
{
	return by == BY_B ? b : by == BY_C ? c : by == BY_STRANGER ? stranger : a;
}

static struct bytes mac_with(struct bytes key, struct bytes text)
{
	unsigned char *sum = arena_alloc(mem, SHA256_BYTES, 1);

	hmac_sha256(key, text.at, text.len, sum);
	return (struct bytes){sum, SHA256_BYTES};
}

static struct bytes signature_of(struct bytes text, enum signer by)
{
	struct key *key = key_parse(KEY_PRIVATE, bytes_of(pem_of(pkey_of(by), false)));
	unsigned char *out = arena_alloc(mem, DER_ROOM, 1), *der = out;
	unsigned char point[ES256_BYTES];
	struct bytes made = {out, ES256_BYTES};

	assert_non_null(key);
	if (by != ZEROS)
		assert_true(es256_sign(key, text, out));
	if (by == HS256_PEM)
		made = mac_with(bytes_of(pem_of(a, true)), text);
	if (by == HS256_POINT) {
		assert_true(key_point(key, point, point + P256_BYTES));
		made = mac_with((struct bytes){point, sizeof(point)}, text);
	}
	if (by == DER) {
		ECDSA_SIG *sig = ECDSA_SIG_new();
		ECDSA_SIG_set0(sig, BN_bin2bn(out, P256_BYTES, NULL),
			BN_bin2bn(out + P256_BYTES, P256_BYTES, NULL));
		made.len = (size_t)i2d_ECDSA_SIG(sig, &der);
		ECDSA_SIG_free(sig);
	}
	if (by == EMPTY)
		made.len = 0;
	key_free(key);
	return made;
}

/* @n now, @p an hour ago, @e in an hour, @s in 20 seconds, @f in a minute. */
static const char *filled(const char *template)
{
	static const struct {
		char sign;
		int64_t from_now_s;
	} times[] = {
		{'n', 0},
		{'p', -3600},
		{'e', 3600},
		{'s', 20},
		{'f', 60},
	};
	struct buf out = buf_in(mem, 65536);

	for (; *template; template ++) {
		if (*template != '@') {
			buf_add(&out, template, 1);
			continue;
		}
		template ++;
		for (size_t i = 0; i < COUNT_OF(times); i++)
			if (times[i].sign == *template)
				buf_printf(&out, "%" PRId64, now_s + times[i].from_now_s);
	}
	return buf_text(&out);
}

static const char *forge(const char *header, const char *payload, enum signer by)
{
	char *text = arena_printf(mem, "%s.%s", base64url_write(mem, bytes_of(header)),
		base64url_write(mem, bytes_of(filled(payload))));

	return arena_printf(
		mem, "%s.%s", text, base64url_write(mem, signature_of(bytes_of(text), by)));
}

static enum err check(const char *token)
{
	struct claims claims;
	enum err err = token_check(token, strlen(token), &claims);

	if (err != E_OK)
		assert_int_equal(claims.account_id, 0);
	return err;
}

static void forgeries_are_refused(void **state, const struct forgery *f, size_t count)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *token = forge(f[i].header, f[i].payload, f[i].by);

		print_message("  %s\n", f[i].says);
		assert_int_equal(check(token), f[i].want);
		assert_int_equal(check(token), f[i].want); /* nor the second time */
	}
}

static void only_our_header_and_signature_are_taken(void **state)
{
	forgeries_are_refused(state, headers, COUNT_OF(headers));
}

static void only_our_claims_are_taken(void **state)
{
	forgeries_are_refused(state, payloads, COUNT_OF(payloads));
}

static void a_token_has_three_parts_in_strict_base64url(void **state)
{
	const char *good = forge(H, P, BY_A);
	const char *first = strchr(good, '.'), *second = strchr(first + 1, '.');
	int head = (int)(first - good), both = (int)(second - good);
	char *loose = arena_strdup(mem, good);
	/* clang-format off */
	const struct {
		const char *says, *token;
	} cases[] = {
		{"nothing", ""},
		{"a dot", "."},
		{"two dots", ".."},
		{"three dots", "..."},
		{"one part", arena_printf(mem, "%.*s", head, good)},
		{"two parts", arena_printf(mem, "%.*s", both, good)},
		{"an empty signature", arena_printf(mem, "%.*s.", both, good)},
		{"an empty payload", arena_printf(mem, "%.*s.%s", head, good, second)},
		{"an empty header", first},
		{"four parts", arena_printf(mem, "%s.e30", good)},
		{"five, as encrypted ones", arena_printf(mem, "%s.e30.e30", good)},
		{"a dot behind", arena_printf(mem, "%s.", good)},
		{"a dot in front", arena_printf(mem, ".%s", good)},
		{"a blank in front", arena_printf(mem, " %s", good)},
		{"a line end behind", arena_printf(mem, "%s\n", good)},
		{"padding", arena_printf(mem, "%s==", good)},
		{"padding in the header", arena_printf(mem, "%.*s=%s", head, good, first)},
		{"the word Bearer", arena_printf(mem, "Bearer %s", good)},
		{"stray bits at the end", loose},
	};
	/* clang-format on */

	(void)state;
	/* 64 bytes are 85 digits and a third: the last digit has four bits to spare. */
	loose[strlen(loose) - 1] = (char)(loose[strlen(loose) - 1] + 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		print_message("  %s\n", cases[i].says);
		assert_int_equal(check(cases[i].token), E_TOKEN_INVALID);
	}
	assert_int_equal(check(good), E_OK);
}

static void a_token_cut_off_anywhere_is_refused(void **state)
{
	const char *good = forge(H, P, BY_A);
	struct claims claims;

	(void)state;
	for (size_t n = 0; n < strlen(good); n++) {
		char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */

		assert_non_null(copy);
		memcpy(copy, good, n);
		assert_int_equal(token_check(copy, n, &claims), E_TOKEN_INVALID);
		free(copy);
	}
	assert_int_equal(check(good), E_OK);
}

static void a_token_with_any_bit_flipped_is_refused(void **state)
{
	const char *good = forge(H, P, BY_A);
	char *bad = arena_strdup(mem, good);
	struct claims claims;

	(void)state;
	for (size_t i = 0; i < strlen(good) * 8; i++) {
		bad[i / 8] = (char)(bad[i / 8] ^ 1 << i % 8);
		assert_int_equal(token_check(bad, strlen(good), &claims), E_TOKEN_INVALID);
		bad[i / 8] = good[i / 8];
	}
	assert_int_equal(check(bad), E_OK);
}

static void a_token_over_8_kb_is_refused_unread(void **state)
{
	char *filling = arena_alloc(mem, 9000, 1);
	struct claims claims;

	(void)state;
	memset(filling, 'x', 5000);
	char *payload = arena_printf(
		mem, "{" ISS ",\"aud\":\"zhixing\"," WHO "," WHEN ",\"x\":\"%s\"}", filling);
	const char *large = forge(H, payload, BY_A);
	assert_in_range(strlen(large), 6000, TOKEN_MAX);
	assert_int_equal(check(large), E_OK);
	memset(filling, 'x', 8000);
	payload = arena_printf(
		mem, "{" ISS ",\"aud\":\"zhixing\"," WHO "," WHEN ",\"x\":\"%s\"}", filling);
	assert_int_equal(check(forge(H, payload, BY_A)), E_TOKEN_INVALID);
	char *zeros = calloc(1, 10 << 20);
	assert_non_null(zeros);
	assert_int_equal(token_check(zeros, 10 << 20, &claims), E_TOKEN_INVALID);
	assert_int_equal(token_check(zeros, TOKEN_MAX, &claims), E_TOKEN_INVALID);
	free(zeros);
}

static void what_was_made_is_what_is_read(void **state)
{
	struct claims out, in = {.account_id = 9007199254740991,
				   .session_id = 1,
				   .issued = {now_s * SECOND},
				   .expires = {(now_s + 7200) * SECOND},
				   .scope = "staff"};
	const char *token;
	jwt_t *jwt = NULL;

	(void)state;
	assert_int_equal(token_make(mem, &in, &token), E_OK);
	for (int i = 0; i < 2; i++) { /* read, then remembered */
		assert_int_equal(token_check(token, strlen(token), &out), E_OK);
		assert_int_equal(out.account_id, in.account_id);
		assert_int_equal(out.session_id, in.session_id);
		assert_int_equal(out.issued.us, in.issued.us);
		assert_int_equal(out.expires.us, in.expires.us);
		assert_string_equal(out.scope, in.scope);
	}
	/* And what another program makes of it. */
	const char *pem = pem_of(a, true);
	assert_int_equal(
		jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)), 0);
	assert_int_equal(jwt_get_alg(jwt), JWT_ALG_ES256);
	assert_string_equal(jwt_get_header(jwt, "kid"), "a");
	assert_string_equal(jwt_get_grant(jwt, "sub"), "9007199254740991");
	assert_string_equal(jwt_get_grant(jwt, "aud"), "zhixing");
	jwt_free(jwt);
}

static int begin_all(void **state)
{
	(void)state;
	folder_begin();
	a = EVP_EC_gen("P-256");
	b = EVP_EC_gen("P-256");
	c = EVP_EC_gen("P-256");
	stranger = EVP_EC_gen("P-256");
	file_put("a.pem", pem_of(a, false));
	file_put("b.pem", pem_of(b, false));
	file_put("c.pub.pem", pem_of(c, true));
	file_put("current", "a\n");
	now_s = stamp_now().us / SECOND;
	tokens_init();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	EVP_PKEY_free(c);
	EVP_PKEY_free(stranger);
	folder_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_what_is_read),
		cmocka_unit_test(only_our_header_and_signature_are_taken),
		cmocka_unit_test(only_our_claims_are_taken),
		cmocka_unit_test(a_token_has_three_parts_in_strict_base64url),
		cmocka_unit_test(a_token_cut_off_anywhere_is_refused),
		cmocka_unit_test(a_token_with_any_bit_flipped_is_refused),
		cmocka_unit_test(a_token_over_8_kb_is_refused_unread),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
