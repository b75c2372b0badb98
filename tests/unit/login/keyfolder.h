/* A folder of token keys, as ZX_TOKEN_KEYS names it. */
#include "base/json.h"
#include "base/settings.h"
#include "base/time.h"
#include "login/token.h"
#include "login/token_keys.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/token_test_XXXXXX";

static inline const char *pem_of(EVP_PKEY *pkey, bool public)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *at;

	if (public)
		assert_int_equal(PEM_write_bio_PUBKEY(b, pkey), 1);
	else
		assert_int_equal(
			PEM_write_bio_PKCS8PrivateKey(b, pkey, NULL, NULL, 0, NULL, NULL), 1);
	long n = BIO_get_mem_data(b, &at);
	char *text = arena_printf(mem, "%.*s", (int)n, at);
	BIO_free(b);
	return text;
}

/* Put there by renaming, as an operator should. */
static inline void file_put(const char *name, const char *text)
{
	char *to = arena_printf(mem, "%s/%s", folder, name);
	char *path = arena_printf(mem, "%s/.new", folder);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(rename(path, to), 0);
}

static inline void file_drop(const char *name)
{
	assert_int_equal(unlink(arena_printf(mem, "%s/%s", folder, name)), 0);
}

static inline void folder_clear(void)
{
	DIR *d = opendir(folder);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			file_drop(e->d_name);
	closedir(d);
}

static inline void folder_begin(void)
{
	assert_non_null(mkdtemp(folder));
	settings.token_keys = folder;
	settings.issuer = "https://play.example.com";
}

static inline void folder_end(void)
{
	folder_clear();
	rmdir(folder);
}
