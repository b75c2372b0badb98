/* A merchant of Alipay as a worker has it, and what Alipay would sign, with keys
 * made for the test. */
#include "alipay/alipay.h"
#include "alipay/bill.h"
#include "alipay/call.h"
#include "alipay/notify.h"
#include "alipay/refund.h"
#include "alipay/trade.h"
#include "base/buf.h"
#include "base/settings.h"
#include "base/time.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_TEXT "2026-11-23 18:00:00"
#define APPID "2021001234567890"
#define SELLER "2088001234567890"

static char folder[] = "/tmp/alipay_test_XXXXXX";
static struct key *alipay_key; /* Alipay's private one */
static stamp now;

static inline const char *file_with(const char *name, const char *text)
{
	char *path = arena_printf(mem, "%s/%s", folder, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

static inline const char *pem_of(EVP_PKEY *key, bool private)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;

	assert_int_equal(private ? PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL)
				 : PEM_write_bio_PUBKEY(out, key),
		1);
	long len = BIO_get_mem_data(out, &text);
	const char *copy = arena_printf(mem, "%.*s", (int)len, text);
	BIO_free(out);
	return copy;
}

/* Of a key that nobody needs any more. */
static inline const char *last_pem_of(EVP_PKEY *key, bool private)
{
	const char *pem = pem_of(key, private);

	EVP_PKEY_free(key);
	return pem;
}

static inline void good_settings(void)
{
	settings = (struct settings){
		.issuer = "https://play.example.com",
		.alipay_gateway = "https://127.0.0.1:1/gateway.do",
		.alipay_appid = APPID,
		.alipay_seller_id = SELLER,
		.alipay_key_file = arena_printf(mem, "%s/app", folder),
		.alipay_public_key_file = arena_printf(mem, "%s/alipay-public", folder),
		.ca_file = settings.ca_file ? settings.ca_file : "",
		.out_timeout_ms = 700,
		.out_connect_ms = 700,
		.request_limit_s = 2,
		.breakers = "off",
	};
}

static inline void alishop_begin(void)
{
	EVP_PKEY *ours = EVP_RSA_gen(2048), *theirs = EVP_RSA_gen(2048);

	assert_non_null(mkdtemp(folder));
	file_with("app", pem_of(ours, true));
	file_with("alipay-public", pem_of(theirs, false));
	alipay_key = key_parse(KEY_PRIVATE, bytes_of(pem_of(theirs, true)));
	assert_non_null(alipay_key);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	assert_true(alipay_time_parse(NOW_TEXT, &now));
	good_settings();
	alipay_init();
}

static inline void alishop_end(void)
{
	DIR *d = opendir(folder);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (*e->d_name != '.')
			unlink(arena_printf(mem, "%s/%s", folder, e->d_name));
	closedir(d);
	rmdir(folder);
	key_free(alipay_key);
	settings.alipay_appid = "";
	alipay_init(); /* lets its keys go */
}
