#ifndef CODEC_SIGN_H
#define CODEC_SIGN_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/shape.h"

/* Keys that are parsed once and then kept, and the two signatures in use: RSA
 * PKCS#1 v1.5 with SHA-256 (WeChat Pay, Alipay) and ECDSA on P-256 with
 * SHA-256 in JOSE's form (RFC 7518 §3.4: r and s, 32 bytes each), which is only
 * verified here: libjwt signs (login/token.h). Other kinds of keys, and RSA keys
 * under 2048 bits, are refused when they are read. */
struct key;

enum key_kind { KEY_PRIVATE, KEY_PUBLIC, KEY_CERTIFICATE };
enum { P256_BYTES = 32, ES256_BYTES = 64 };

/* PEM without a passphrase; NULL if it isn't what it should be. The caller
 * owns the key. */
struct key *key_parse(enum key_kind, struct bytes pem) CHECKED;
/* From a file; a private key's must not be readable by everybody. NULL and the
 * reason. */
struct key *key_read(enum key_kind, const char *path, const char **why) CHECKED;
/* As key_read(), but ends the program with EXIT_CONFIG and the reason. */
struct key *key_load(enum key_kind, const char *setting, const char *path)
	__attribute__((returns_nonnull));
struct key *key_load_rsa(enum key_kind, const char *setting, const char *path)
	__attribute__((returns_nonnull));
void key_free(struct key *); /* NULL is fine */

bool key_is_rsa(const struct key *);
/* A private key's text as it was read; NULL for the others. */
const char *key_pem(const struct key *);
/* A certificate's serial number, upper-case hex, two digits a byte; "" for a
 * bare key. */
const char *key_serial(const struct key *);
/* Between a certificate's dates; always true for a bare key. */
bool key_valid_at(const struct key *, stamp);
/* The public point of a P-256 key; false for RSA. */
bool key_point(const struct key *, unsigned char x[P256_BYTES], unsigned char y[P256_BYTES]);

/* False if the key is of the other family or, for signing, public. */
bool rsa_sign(struct arena *, const struct key *, struct bytes text, struct bytes *out) CHECKED;
bool rsa_verify(const struct key *, struct bytes text, struct bytes signature) CHECKED;
bool es256_verify(const struct key *, struct bytes text, struct bytes signature) CHECKED;

#endif
