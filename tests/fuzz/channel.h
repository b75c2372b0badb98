/* Us and the channels, for the harnesses: keys made when one starts. */
#include "alipay/call.h"
#include "alipay/notify.h"
#include "fuzz.h"
#include "wechatpay/call.h"
#include "wechatpay/certs.h"
#include "wechatpay/notify.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SERIAL "PUB_KEY_ID_0123456789"
#define APIV3 "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"

static struct key *channel_key; /* the channel's private one */

static inline struct key *half_of(EVP_PKEY *pair, enum key_kind kind)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;

	CLAIM(kind == KEY_PUBLIC
			? PEM_write_bio_PUBKEY(out, pair)
			: PEM_write_bio_PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL));
	long n = BIO_get_mem_data(out, &text);
	struct key *key = key_parse(kind, (struct bytes){(unsigned char *)text, (size_t)n});
	BIO_free(out);
	CLAIM(key);
	return key;
}

/* Returns the channel's public half. */
static inline struct key *channel_begin(void)
{
	EVP_PKEY *pair = EVP_RSA_gen(2048);

	CLAIM(pair);
	channel_key = half_of(pair, KEY_PRIVATE);
	struct key *theirs = half_of(pair, KEY_PUBLIC);
	EVP_PKEY_free(pair);
	return theirs;
}
