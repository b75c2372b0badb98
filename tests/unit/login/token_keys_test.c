#include "test.h"

#include "codec/crypto.h"

#include "keyfolder.h"

#include <sys/wait.h>

static EVP_PKEY *one, *two, *rsa;

/* What tokens_init() makes of the folder as it is: its exit status. */
static int init_status(void)
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		assert_non_null(freopen("/dev/null", "w", stderr));
		tokens_init();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_unusable_folder_ends_the_program_with_78(void **state)
{
	const char *key = pem_of(one, false), *public = pem_of(one, true);
	/* clang-format off */
	const struct {
		const char *says, *file, *text, *current;
		int status;
	} cases[] = {
		{"a key that signs", "k.pem", key, "k\n", 0},
		{"`current` without line end", "k.pem", key, "k", 0},
		{"a key that verifies", "k.pub.pem", public, NULL, 0},
		{"no file at all", NULL, NULL, NULL, 78},
		{"`current` alone", NULL, NULL, "k\n", 78},
		{"no `current`", "k.pem", key, NULL, 78},
		{"an empty `current`", "k.pem", key, "\n", 78},
		{"`current` names another", "k.pem", key, "l\n", 78},
		{"`current` names a path", "k.pem", key, "./k\n", 78},
		{"an RSA key", "k.pem", pem_of(rsa, false), "k\n", 78},
		{"a public key as private", "k.pem", public, "k\n", 78},
		{"a private key as public", "k.pub.pem", key, NULL, 78},
		{"an empty key", "k.pem", "", "k\n", 78},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		folder_clear();
		if (cases[i].file)
			file_put(cases[i].file, cases[i].text);
		if (cases[i].current)
			file_put("current", cases[i].current);
		print_message("  %s\n", cases[i].says);
		assert_int_equal(init_status(), cases[i].status);
	}
	folder_clear();
	file_put("k.pem", key);
	file_put("current", "k\n");
	assert_int_equal(chmod(arena_printf(mem, "%s/k.pem", folder), 0644), 0);
	assert_int_equal(init_status(), 78);
	settings.token_keys = "/nowhere";
	assert_int_equal(init_status(), 78);
	settings.token_keys = "";
	assert_int_equal(init_status(), 78);
	settings.token_keys = folder;
}

static const char *made(void)
{
	stamp now = stamp_now();
	const struct claims in = {
		.account_id = 7, .session_id = 9, .issued = now, .expires = {now.us + HOUR}};
	const char *token = NULL;

	assert_int_equal(token_make(mem, &in, &token), E_OK);
	return token;
}

static enum err check(const char *token)
{
	struct claims out;

	return token_check(token, strlen(token), &out);
}

static const char *kid_of_token(const char *token)
{
	struct bytes header;
	size_t n = strcspn(token, ".");

	assert_true(base64url_read(mem, token, n, &header));
	return strstr((const char *)header.at, "\"two\"") ? "two" : "one";
}

static void keys_are_exchanged_without_a_restart(void **state)
{
	(void)state;
	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	const char *old = made();
	assert_int_equal(check(old), E_OK);

	file_put("two.pem", pem_of(two, false));
	file_put("current", "two\n");
	assert_string_equal(kid_of_token(made()), "one"); /* not looked yet */
	token_keys_due();
	const char *new = made();
	assert_string_equal(kid_of_token(new), "two");
	assert_int_equal(check(old), E_OK);
	assert_int_equal(check(new), E_OK);

	file_drop("one.pem");
	token_keys_due();
	made();                                        /* notices first */
	assert_int_equal(check(old), E_TOKEN_INVALID); /* remembered, but no longer */
	assert_int_equal(check(new), E_OK);
}

/* Who verifies must not lag behind who signs, and forged names must cost nothing. */
static void a_token_of_an_unknown_key_is_looked_up_once_a_second(void **state)
{
	(void)state;
	folder_clear();
	file_put("two.pem", pem_of(two, false));
	file_put("current", "two\n");
	tokens_init();
	const char *token = made();

	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	usleep(1100 * 1000);
	assert_int_equal(check(token), E_TOKEN_INVALID); /* has looked */
	file_put("two.pem", pem_of(two, false));
	assert_int_equal(check(token), E_TOKEN_INVALID); /* not so soon again */
	usleep(1100 * 1000);
	assert_int_equal(check(token), E_OK);
}

static void a_folder_that_breaks_leaves_the_old_keys(void **state)
{
	(void)state;
	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	const char *token = made();

	file_put("two.pem", "half a key");
	token_keys_due();
	assert_int_equal(check(token), E_OK);
	folder_clear();
	token_keys_due();
	assert_int_equal(check(made()), E_OK);
	file_put("two.pem", pem_of(two, false));
	file_put("current", "two\n");
	token_keys_due();
	assert_int_equal(check(token), E_TOKEN_INVALID);
	assert_int_equal(check(made()), E_OK);
}

/* Mended in its place, a file doesn't change the folder it is in. */
static void a_file_that_is_mended_in_place_is_noticed(void **state)
{
	(void)state;
	folder_clear();
	file_put("two.pem", pem_of(two, false));
	file_put("current", "two\n");
	tokens_init();
	const char *token = made();

	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	file_put("two.pem", "half a key");
	token_keys_due();
	assert_int_equal(check(made()), E_OK);
	FILE *f = fopen(arena_printf(mem, "%s/two.pem", folder), "we");
	assert_non_null(f);
	assert_true(fputs(pem_of(two, false), f) >= 0);
	assert_int_equal(fclose(f), 0);
	token_keys_due();
	assert_int_equal(check(token), E_OK);
}

static void a_worker_with_public_keys_verifies_and_cannot_sign(void **state)
{
	struct claims in = {.account_id = 1, .session_id = 1};
	const char *token, *none = NULL;

	(void)state;
	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	token = made();
	folder_clear();
	file_put("one.pub.pem", pem_of(one, true));
	tokens_init();
	assert_int_equal(check(token), E_OK);
	assert_int_equal(token_make(mem, &in, &none), E_INTERNAL);
	assert_null(none);
}

static void the_key_set_shows_public_halves_only(void **state)
{
	struct buf text = buf_in(mem, 65536);
	struct json_fault fault = {0};
	unsigned char xy[ES256_BYTES];
	const cJSON *root, *key;
	int count = 0;

	(void)state;
	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("two.pub.pem", pem_of(two, true));
	file_put("current", "one\n");
	tokens_init();
	jwks_write(&text);
	assert_int_equal(json_parse(mem, text.at, text.len, &root, &fault), E_OK);
	cJSON_ArrayForEach(key, cJSON_GetObjectItem(root, "keys"))
	{
		const char *kid = cJSON_GetObjectItem(key, "kid")->valuestring;
		EVP_PKEY *pkey = strcmp(kid, "one") == 0 ? one : two;
		struct key *want = key_parse(KEY_PUBLIC, bytes_of(pem_of(pkey, true)));

		assert_true(key_point(want, xy, xy + P256_BYTES));
		assert_string_equal(cJSON_GetObjectItem(key, "x")->valuestring,
			base64url_write(mem, (struct bytes){xy, P256_BYTES}));
		assert_string_equal(cJSON_GetObjectItem(key, "y")->valuestring,
			base64url_write(mem, (struct bytes){xy + P256_BYTES, P256_BYTES}));
		assert_string_equal(cJSON_GetObjectItem(key, "kty")->valuestring, "EC");
		assert_string_equal(cJSON_GetObjectItem(key, "crv")->valuestring, "P-256");
		assert_string_equal(cJSON_GetObjectItem(key, "alg")->valuestring, "ES256");
		assert_null(cJSON_GetObjectItem(key, "d"));
		key_free(want);
		count++;
	}
	assert_int_equal(count, 2);
}

static void a_remembered_token_ends_on_time(void **state)
{
	struct claims out, in = {.account_id = 7, .session_id = 9};
	const char *token;

	(void)state;
	folder_clear();
	file_put("one.pem", pem_of(one, false));
	file_put("current", "one\n");
	tokens_init();
	in.issued.us = stamp_now().us / SECOND * SECOND;
	in.expires.us = in.issued.us + 2 * SECOND;
	assert_int_equal(token_make(mem, &in, &token), E_OK);
	assert_int_equal(token_check(token, strlen(token), &out), E_OK);
	while (stamp_now().us < in.expires.us) {
		enum err err = token_check(token, strlen(token), &out);
		assert_true(err == E_OK || stamp_now().us >= in.expires.us);
		usleep(50000);
	}
	assert_int_equal(token_check(token, strlen(token), &out), E_TOKEN_EXPIRED);
	assert_int_equal(out.account_id, 0);
}

static int begin_all(void **state)
{
	(void)state;
	settings.token_keys_look_s = 60;
	folder_begin();
	one = EVP_EC_gen("P-256");
	two = EVP_EC_gen("P-256");
	rsa = EVP_RSA_gen(2048);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	EVP_PKEY_free(rsa);
	folder_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unusable_folder_ends_the_program_with_78),
		cmocka_unit_test(keys_are_exchanged_without_a_restart),
		cmocka_unit_test(a_token_of_an_unknown_key_is_looked_up_once_a_second),
		cmocka_unit_test(a_folder_that_breaks_leaves_the_old_keys),
		cmocka_unit_test(a_file_that_is_mended_in_place_is_noticed),
		cmocka_unit_test(a_worker_with_public_keys_verifies_and_cannot_sign),
		cmocka_unit_test(a_remembered_token_ends_on_time),
		cmocka_unit_test(the_key_set_shows_public_halves_only),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
