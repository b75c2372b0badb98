#define ZLIB_CONST /* it doesn't write to its input */
#include "codec/unpack.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 1 << 15, GZIP_FIRST = 0x1f, GZIP_ONLY = 16, SHA1_BYTES = 20 };

struct unpack {
	bytes_fn *take;
	void *arg;
	EVP_MD_CTX *text, *file;
	z_stream z;
	enum { NOTHING_YET, PLAIN, PACKED, BETWEEN, BROKEN } state;
	unsigned char piece[PIECE];
};

static _Noreturn void exhausted(const char *what)
{
	fprintf(stderr, "unpack: %s failed\n", what);
	abort();
}

static void release(void *arg)
{
	struct unpack *u = arg;

	inflateEnd(&u->z);
	EVP_MD_CTX_free(u->text);
	EVP_MD_CTX_free(u->file);
}

struct unpack *unpack_begin(struct arena *mem, bytes_fn *take, void *arg)
{
	struct unpack *u = NEW(mem, struct unpack);

	u->take = take;
	u->arg = arg;
	u->text = EVP_MD_CTX_new();
	u->file = EVP_MD_CTX_new();
	if (!u->text || !u->file || EVP_DigestInit_ex(u->text, EVP_sha1(), NULL) != 1 ||
		EVP_DigestInit_ex(u->file, EVP_sha1(), NULL) != 1)
		exhausted("SHA-1");
	if (inflateInit2(&u->z, MAX_WBITS + GZIP_ONLY) != Z_OK)
		exhausted("inflateInit2");
	arena_defer(mem, release, u);
	return u;
}

static bool hand_on(struct unpack *u, struct bytes text)
{
	if (text.len == 0)
		return true;
	if (EVP_DigestUpdate(u->text, text.at, text.len) != 1)
		exhausted("SHA-1");
	return u->take(u->arg, text);
}

/* One step of zlib's. A gzip file may have several members, one after the other. */
static bool inflate_some(struct unpack *u)
{
	if (u->state == BETWEEN && inflateReset(&u->z) != Z_OK)
		return false;
	u->z.next_out = u->piece;
	u->z.avail_out = PIECE;
	int rc = inflate(&u->z, Z_NO_FLUSH);
	u->state = rc == Z_STREAM_END ? BETWEEN : PACKED;
	if (rc == Z_BUF_ERROR) /* it only wants more input */
		return u->z.avail_in == 0;
	return (rc == Z_OK || rc == Z_STREAM_END) &&
	       hand_on(u, (struct bytes){u->piece, PIECE - u->z.avail_out});
}

static bool inflate_all(struct unpack *u, struct bytes in)
{
	bool more = true;

	if (in.len > UINT32_MAX)
		return false;
	u->z.next_in = in.at;
	u->z.avail_in = (uInt)in.len;
	while (more) {
		if (!inflate_some(u))
			return false;
		/* A full piece may mean that zlib holds more of it back. */
		more = u->z.avail_in > 0 || (u->state == PACKED && u->z.avail_out == 0);
	}
	return true;
}

bool unpack_push(struct unpack *u, struct bytes in)
{
	if (in.len == 0 || u->state == BROKEN)
		return u->state != BROKEN;
	if (u->state == NOTHING_YET)
		u->state = *in.at == GZIP_FIRST ? PACKED : PLAIN;
	if (EVP_DigestUpdate(u->file, in.at, in.len) != 1)
		exhausted("SHA-1");
	if (u->state == PLAIN ? hand_on(u, in) : inflate_all(u, in))
		return true;
	u->state = BROKEN;
	return false;
}

static void hex_of(EVP_MD_CTX *ctx, char out[SHA1_HEX])
{
	unsigned char sum[SHA1_BYTES];

	if (EVP_DigestFinal_ex(ctx, sum, NULL) != 1)
		exhausted("SHA-1");
	for (size_t i = 0; i < SHA1_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

bool unpack_end(struct unpack *u, struct unpack_digests *out)
{
	bool whole = u->state == NOTHING_YET || u->state == PLAIN || u->state == BETWEEN;

	u->state = BROKEN;
	hex_of(u->text, out->text);
	hex_of(u->file, out->file);
	return whole;
}
