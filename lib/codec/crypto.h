#ifndef CODEC_CRYPTO_H
#define CODEC_CRYPTO_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <string.h>

/* Random bytes, digests, base64 and AES-GCM, on OpenSSL 3. Keys and signatures
 * are in sign.h. Functions that return bool say false for bad input, whatever
 * it is; only a broken OpenSSL or an exhausted machine ends the process. */

enum { SHA256_BYTES = 32, SHA256_HEX = 65, AES256_BYTES = 32 };

void random_bytes(void *out, size_t n);
/* n characters out of 0-9, A-Z, a-z, and a NUL behind them. */
void random_text(char *out, size_t n);

void sha256(const void *, size_t, unsigned char out[SHA256_BYTES]);
void sha256_hex(const void *, size_t, char out[SHA256_HEX]); /* lower case */
void hmac_sha256(struct bytes key, const void *, size_t, unsigned char out[SHA256_BYTES]);

/* In a time that tells nothing about the bytes. */
bool bytes_equal(const void *, const void *, size_t);

/* RFC 4648. Reading refuses everything that writing would not have made: other
 * characters, blanks, line ends, missing or surplus padding, stray bits at the
 * end. The URL form has no padding at all (RFC 7515). */
char *base64_write(struct arena *, struct bytes);
char *base64url_write(struct arena *, struct bytes);
bool base64_read(struct arena *, const char *, size_t, struct bytes *out) CHECKED;
bool base64url_read(struct arena *, const char *, size_t, struct bytes *out) CHECKED;

/* AES-GCM whose last 16 bytes are the tag. Nothing is handed out unless the
 * tag fits key, nonce (12 to 16 bytes), extra and text. */
struct sealed {
	struct bytes nonce, extra, text;
};
/* The key must be 32 bytes. */
bool aes256gcm_open(
	struct arena *, struct bytes key, const struct sealed *, struct bytes *out) CHECKED;
/* Takes 16 too: some published test vectors have such keys. Not for real ones. */
bool aesgcm_open(
	struct arena *, struct bytes key, const struct sealed *, struct bytes *out) CHECKED;

#endif
