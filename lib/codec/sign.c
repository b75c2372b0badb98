#include "codec/sign.h"

#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { RSA_BITS_MIN = 2048, DER_MAX = 80, FILE_MAX = 65536, SERIAL_TEXT = 65 };

/* Setting up an operation costs as much as a third of it, so each key keeps
 * its own, ready to be used again. */
struct key {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *verify, *sign;
	bool rsa;
	char *pem;
	char serial[SERIAL_TEXT];
	stamp from, until; /* of a certificate; both 0 otherwise */
};

void key_free(struct key *k)
{
	if (!k)
		return;
	EVP_PKEY_CTX_free(k->verify);
	EVP_PKEY_CTX_free(k->sign);
	EVP_PKEY_free(k->pkey);
	if (k->pem)
		OPENSSL_cleanse(k->pem, strlen(k->pem));
	free(k->pem);
	free(k);
}

static stamp stamp_of(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return (stamp){ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) * SECOND : 0};
}

static void take_certificate(struct key *k, BIO *in)
{
	X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
	BIGNUM *n = cert ? ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL) : NULL;
	char *hex = n ? BN_bn2hex(n) : NULL;

	if (hex && strlen(hex) < SERIAL_TEXT) {
		memcpy(k->serial, hex, strlen(hex) + 1);
		k->from = stamp_of(X509_get0_notBefore(cert));
		k->until = stamp_of(X509_get0_notAfter(cert));
		k->pkey = X509_get_pubkey(cert);
	}
	OPENSSL_free(hex);
	BN_free(n);
	X509_free(cert);
}

/* OpenSSL would ask for it on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)writing, (void)arg;
	if (size > 0)
		*to = '\0';
	return -1;
}

static bool family_known(struct key *k)
{
	char group[32] = "";

	k->rsa = EVP_PKEY_is_a(k->pkey, "RSA") == 1;
	if (k->rsa)
		return EVP_PKEY_get_bits(k->pkey) >= RSA_BITS_MIN;
	return EVP_PKEY_is_a(k->pkey, "EC") == 1 &&
	       EVP_PKEY_get_group_name(k->pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

static bool operations_ready(struct key *k, bool private)
{
	k->verify = EVP_PKEY_CTX_new(k->pkey, NULL);
	k->sign = private ? EVP_PKEY_CTX_new(k->pkey, NULL) : NULL;
	if (!k->verify || EVP_PKEY_verify_init(k->verify) != 1 ||
		(private && (!k->sign || EVP_PKEY_sign_init(k->sign) != 1)))
		return false;
	EVP_PKEY_CTX *both[] = {k->verify, k->sign};
	for (size_t i = 0; i < COUNT_OF(both) && both[i]; i++)
		if ((k->rsa && EVP_PKEY_CTX_set_rsa_padding(both[i], RSA_PKCS1_PADDING) != 1) ||
			EVP_PKEY_CTX_set_signature_md(both[i], EVP_sha256()) != 1)
			return false;
	return true;
}

struct key *key_parse(enum key_kind kind, struct bytes pem)
{
	struct key *k = calloc(1, sizeof(*k));
	BIO *in = pem.len < FILE_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;

	if (k && in && kind == KEY_CERTIFICATE)
		take_certificate(k, in);
	else if (k && in)
		k->pkey = kind == KEY_PRIVATE
				  ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL)
				  : PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	if (k && kind == KEY_PRIVATE)
		k->pem = strndup((const char *)pem.at, pem.len);
	if (!k || !k->pkey || !family_known(k) || !operations_ready(k, kind == KEY_PRIVATE)) {
		key_free(k);
		k = NULL;
	}
	ERR_clear_error();
	return k;
}

struct key *key_read(enum key_kind kind, const char *path, const char **why)
{
	char text[FILE_MAX];
	struct stat st;
	FILE *f = fopen(path, "re");

	*why = "its file can't be opened";
	if (!f)
		return NULL;
	size_t n = fread(text, 1, sizeof(text), f);
	bool open_to_all = fstat(fileno(f), &st) != 0 || st.st_mode & S_IROTH;
	fclose(f);
	if (kind == KEY_PRIVATE && open_to_all) {
		*why = "its file must not be readable by everybody";
		return NULL;
	}
	struct key *k = key_parse(kind, (struct bytes){(unsigned char *)text, n});
	OPENSSL_cleanse(text, n);
	*why = kind == KEY_PRIVATE ? "wants a private key in PEM: RSA of 2048 bits or EC P-256"
	       : kind == KEY_PUBLIC
		       ? "wants a public key in PEM: RSA of 2048 bits or EC P-256"
		       : "wants a certificate in PEM, RSA of 2048 bits or EC P-256";
	return k;
}

struct key *key_load(enum key_kind kind, const char *setting, const char *path)
{
	const char *why = "must name a file";
	struct key *k = *path ? key_read(kind, path, &why) : NULL;

	if (!k)
		setting_refuse(setting, why);
	return k;
}

struct key *key_load_rsa(enum key_kind kind, const char *setting, const char *path)
{
	struct key *k = key_load(kind, setting, path);

	setting_want(k->rsa, setting, "wants an RSA key");
	return k;
}

bool key_is_rsa(const struct key *k)
{
	return k->rsa;
}

const char *key_pem(const struct key *k)
{
	return k->pem;
}

const char *key_serial(const struct key *k)
{
	return k->serial;
}

bool key_valid_at(const struct key *k, stamp now)
{
	return *k->serial == '\0' || (now.us >= k->from.us && now.us <= k->until.us);
}

static bool coordinate(const struct key *k, const char *name, unsigned char out[P256_BYTES])
{
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(k->pkey, name, &n) == 1 &&
		  BN_bn2binpad(n, out, P256_BYTES) == P256_BYTES;

	BN_free(n);
	return ok;
}

bool key_point(const struct key *k, unsigned char x[P256_BYTES], unsigned char y[P256_BYTES])
{
	return !k->rsa && coordinate(k, OSSL_PKEY_PARAM_EC_PUB_X, x) &&
	       coordinate(k, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}

static bool said(int verdict)
{
	if (verdict != 1)
		ERR_clear_error(); /* libcurl would find it and take it for its own */
	return verdict == 1;
}

bool rsa_sign(struct arena *mem, const struct key *k, struct bytes text, struct bytes *out)
{
	unsigned char sum[SHA256_BYTES];
	size_t len = (size_t)EVP_PKEY_get_size(k->pkey);
	unsigned char *to = arena_alloc(mem, len + 1, 1);

	if (!k->rsa || !k->sign)
		return false;
	sha256(text.at, text.len, sum);
	bool ok = said(EVP_PKEY_sign(k->sign, to, &len, sum, sizeof(sum)));
	*out = (struct bytes){to, ok ? len : 0};
	return ok;
}

bool rsa_verify(const struct key *k, struct bytes text, struct bytes signature)
{
	unsigned char sum[SHA256_BYTES];

	if (!k->rsa)
		return false;
	sha256(text.at, text.len, sum);
	return said(EVP_PKEY_verify(k->verify, signature.at, signature.len, sum, sizeof(sum)));
}

/* r and s as the DER that OpenSSL takes; 0 on failure. */
static size_t der_of(const unsigned char rs[ES256_BYTES], unsigned char der[DER_MAX])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(rs, P256_BYTES, NULL),
	       *s = BN_bin2bn(rs + P256_BYTES, P256_BYTES, NULL);
	int len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* now sig's */
		len = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

bool es256_verify(const struct key *k, struct bytes text, struct bytes signature)
{
	unsigned char sum[SHA256_BYTES], der[DER_MAX];

	if (k->rsa || signature.len != ES256_BYTES)
		return false;
	size_t len = der_of(signature.at, der);
	sha256(text.at, text.len, sum);
	return said(len > 0 && EVP_PKEY_verify(k->verify, der, len, sum, sizeof(sum)) == 1);
}
