/* Access tokens. The first byte says how one is made: r as it came; s signed by us,
 * x by a stranger: header, a newline, payload; m one of ours with bytes changed: place
 * and mask, again and again. */
#include "fuzz.h"

#include "base/settings.h"
#include "base/time.h"
#include "es256.h"
#include "login/token.h"
#include "login/token_keys.h"

#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/token_fuzz_XXXXXX";
static struct key *ours, *strange;

static void put(const char *name, EVP_PKEY *pair)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "we");
	CLAIM(f && (pair ? PEM_write_PrivateKey(f, pair, NULL, NULL, 0, NULL, NULL)
			 : fputs("a", f) > 0));
	fclose(f);
	CLAIM(chmod(path, 0600) == 0);
}

static struct key *made(const char *name)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	char path[64];
	const char *why;

	put(name, pair);
	EVP_PKEY_free(pair);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	struct key *key = key_read(KEY_PRIVATE, path, &why);
	CLAIM(key);
	return key;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[64];

	(void)argc;
	(void)argv;
	CLAIM(mkdtemp(folder));
	settings.token_keys = folder;
	settings.issuer = "https://play.example.com";
	settings.token_keys_look_s = 3600;
	ours = made("a.pem");
	put("current", NULL);
	tokens_init();
	strange = made("z.pem");
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"a.pem", "z.pem", "current"};
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}

static const char *signed_by(const struct key *key, const uint8_t *at, size_t n)
{
	unsigned char signature[ES256_BYTES];
	const char *header = line_of(&at, &n);
	const char *text = arena_printf(mem, "%s.%s", base64url_write(mem, bytes_of(header)),
		base64url_write(mem, (struct bytes){at, n}));

	CLAIM(es256_sign(key, bytes_of(text), signature));
	return arena_printf(mem, "%s.%s", text,
		base64url_write(mem, (struct bytes){signature, sizeof(signature)}));
}

static const char *changed(const uint8_t *at, size_t n, bool *same)
{
	static char good[TOKEN_MAX];
	const char *made_now;

	if (!*good) {
		const struct claims c = {7, 9, {stamp_now().us / SECOND * SECOND},
			{(stamp_now().us / SECOND + 36000) * SECOND}, "user"};

		CLAIM(token_make(mem, &c, &made_now) == E_OK);
		memcpy(good, made_now, strlen(made_now) + 1);
	}
	char *text = arena_strdup(mem, good);
	for (size_t i = 0; i + 1 < n; i += 2)
		text[at[i] * strlen(good) / 256] ^= (char)at[i + 1];
	*same = strcmp(text, good) == 0;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct claims claims;
	bool genuine = false;

	begin();
	if (n == 0)
		return 0;
	const char *token = *at == 's'   ? signed_by(ours, at + 1, n - 1)
			    : *at == 'x' ? signed_by(strange, at + 1, n - 1)
			    : *at == 'm' ? changed(at + 1, n - 1, &genuine)
					 : text_of(at + 1, n - 1);
	enum err err = token_check(token, strlen(token), &claims);
	CLAIM(err == E_OK || err == E_TOKEN_INVALID || err == E_TOKEN_EXPIRED);
	if (err == E_TOKEN_INVALID)
		CLAIM(!genuine && claims.account_id == 0 && claims.session_id == 0);
	if (err != E_OK)
		return 0;
	CLAIM(genuine || *at == 's');
	CLAIM(claims.account_id > 0 && claims.session_id > 0 && claims.account_id <= ID_MAX);
	CLAIM(claims.expires.us > stamp_now().us - SECOND && memchr(claims.scope, 0, 64));
	CLAIM(token_check(token, strlen(token), &claims) == E_OK);
	return 0;
}
