/* ES256 signatures for tests: the programs only check them, libjwt makes theirs. */
#include "codec/sign.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* The key's, parsed once as long as it is the same text. */
static inline EVP_PKEY *es256_pkey(const char *pem)
{
	static EVP_PKEY *pkey;
	static char of[512];

	if (pkey && strcmp(of, pem) == 0)
		return pkey;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY_free(pkey);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	of[0] = '\0';
	strncat(of, pem, sizeof(of) - 1);
	return pkey;
}

/* False if the key is public or RSA. */
static inline bool es256_sign(
	const struct key *k, struct bytes text, unsigned char out[ES256_BYTES])
{
	unsigned char der[128];
	const unsigned char *at = der;
	size_t len = sizeof(der);

	if (!key_pem(k) || key_is_rsa(k))
		return false;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, es256_pkey(key_pem(k))) ==
			  1 &&
		  EVP_DigestSign(ctx, der, &len, text.at, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG *sig = ok ? d2i_ECDSA_SIG(NULL, &at, (long)len) : NULL;
	ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, P256_BYTES) == P256_BYTES &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + P256_BYTES, P256_BYTES) == P256_BYTES;
	ECDSA_SIG_free(sig);
	return ok;
}
