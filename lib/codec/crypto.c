#include "codec/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG_BYTES = 16, NONCE_MIN = 12, NONCE_MAX = 16 };

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "OpenSSL: %s failed\n", what);
	abort();
}

void random_bytes(void *out, size_t n)
{
	if (n > INT32_MAX || RAND_bytes(out, (int)n) != 1)
		broken("RAND_bytes");
}

void random_text(char *out, size_t n)
{
	static const char all[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const unsigned char fair = 256 / (sizeof(all) - 1) * (sizeof(all) - 1);

	for (size_t i = 0; i < n;) {
		unsigned char c;

		random_bytes(&c, 1);
		if (c < fair) /* above it, the first letters would be likelier */
			out[i++] = all[c % (sizeof(all) - 1)];
	}
	out[n] = '\0';
}

/* The algorithm and its context are looked up once: that costs more than
 * hashing a token. */
void sha256(const void *data, size_t len, unsigned char out[SHA256_BYTES])
{
	static EVP_MD *md;
	static EVP_MD_CTX *ctx;

	if (!ctx) {
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
		ctx = EVP_MD_CTX_new();
	}
	if (!md || !ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
		EVP_DigestUpdate(ctx, data, len) != 1 ||
		EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		broken("SHA-256");
}

void sha256_hex(const void *data, size_t len, char out[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_BYTES];

	sha256(data, len, sum);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[SHA256_HEX - 1] = '\0';
}

void hmac_sha256(
	struct bytes key, const void *data, size_t len, unsigned char out[SHA256_BYTES])
{
	if (key.len > INT32_MAX ||
		!HMAC(EVP_sha256(), key.at, (int)key.len, data, len, out, NULL))
		broken("HMAC");
}

bool bytes_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

static char *write64(struct arena *mem, struct bytes in, const char *alphabet, bool padded)
{
	char *text = arena_alloc(mem, in.len / 3 * 4 + 5, 1), *to = text;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.at[i] << 16;

		v |= left > 1 ? (uint32_t)in.at[i + 1] << 8 : 0;
		v |= left > 2 ? in.at[i + 2] : 0;
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		if (left > 1 || padded)
			*to++ = left > 1 ? alphabet[v >> 6 & 63] : '=';
		if (left > 2 || padded)
			*to++ = left > 2 ? alphabet[v & 63] : '=';
	}
	return text;
}

char *base64_write(struct arena *mem, struct bytes in)
{
	return write64(mem, in,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

char *base64url_write(struct arena *mem, struct bytes in)
{
	return write64(mem, in,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

static int digit64(char c, char d62, char d63)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == d62 ? 62 : c == d63 ? 63 : -1;
}

static bool read64(struct arena *mem, struct bytes in, const char last[2], struct bytes *out)
{
	unsigned char *to = arena_alloc(mem, in.len / 4 * 3 + 4, 1);
	uint32_t bits = 0, have = 0;

	*out = (struct bytes){to, 0};
	for (size_t i = 0; i < in.len; i++) {
		int d = digit64((char)in.at[i], last[0], last[1]);

		if (d < 0)
			return false;
		bits = (bits << 6 | (uint32_t)d) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[out->len++] = (unsigned char)(bits >> have);
		}
	}
	/* Six bits left over is a lone character; the others must be zero. */
	return have < 6 && (bits & ((1U << have) - 1)) == 0;
}

bool base64_read(struct arena *mem, const char *s, size_t n, struct bytes *out)
{
	struct bytes in = {(const unsigned char *)s, n};

	if (n % 4 != 0)
		return false;
	for (int pads = 0; pads < 2 && in.len && in.at[in.len - 1] == '='; pads++)
		in.len--;
	return read64(mem, in, "+/", out);
}

bool base64url_read(struct arena *mem, const char *s, size_t n, struct bytes *out)
{
	return read64(mem, (struct bytes){(const unsigned char *)s, n}, "-_", out);
}

/* The steps in the order that OpenSSL wants them: lengths, then key and nonce,
 * then what is only authenticated, then the text, then the verdict. */
static bool open_with(EVP_CIPHER_CTX *c, struct bytes key, const struct sealed *s,
	unsigned char *plain, size_t len)
{
	const EVP_CIPHER *cipher =
		key.len == AES256_BYTES ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
	unsigned char tag[TAG_BYTES], none[TAG_BYTES];
	int n = 0;

	memcpy(tag, s->text.at + len, TAG_BYTES);
	return EVP_DecryptInit_ex(c, cipher, NULL, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_IVLEN, (int)s->nonce.len, NULL) == 1 &&
	       EVP_DecryptInit_ex(c, NULL, NULL, key.at, s->nonce.at) == 1 &&
	       (s->extra.len == 0 ||
		       EVP_DecryptUpdate(c, NULL, &n, s->extra.at, (int)s->extra.len) == 1) &&
	       (len == 0 || EVP_DecryptUpdate(c, plain, &n, s->text.at, (int)len) == 1) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, none, &n) == 1;
}

bool aesgcm_open(struct arena *mem, struct bytes key, const struct sealed *s, struct bytes *out)
{
	*out = (struct bytes){0};
	if ((key.len != AES256_BYTES && key.len != AES256_BYTES / 2) ||
		s->nonce.len < NONCE_MIN || s->nonce.len > NONCE_MAX ||
		s->text.len < TAG_BYTES || s->text.len > INT32_MAX || s->extra.len > INT32_MAX)
		return false;
	size_t len = s->text.len - TAG_BYTES;
	unsigned char *plain = arena_alloc(mem, len + 1, 1);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	if (!c)
		broken("EVP_CIPHER_CTX_new");
	bool ok = open_with(c, key, s, plain, len);
	EVP_CIPHER_CTX_free(c);
	if (ok) {
		*out = (struct bytes){plain, len};
	} else {
		OPENSSL_cleanse(plain, len);
		ERR_clear_error();
	}
	return ok;
}

bool aes256gcm_open(
	struct arena *mem, struct bytes key, const struct sealed *s, struct bytes *out)
{
	return key.len == AES256_BYTES && aesgcm_open(mem, key, s, out);
}
