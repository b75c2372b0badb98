/* Files as gzip makes them, and their SHA-1. */
#include "codec/unpack.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <zlib.h>

enum { PACKED_MAX = 1 << 20, GZIP_BITS = MAX_WBITS + 16 };

static inline struct bytes packed(struct arena *to, struct bytes text)
{
	unsigned char *out = arena_alloc(to, PACKED_MAX, 1), *in = arena_alloc(to, text.len, 1);
	z_stream z = {.next_out = out, .avail_out = PACKED_MAX};

	memcpy(in, text.at, text.len);
	z.next_in = in;
	z.avail_in = (uInt)text.len;
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (struct bytes){out, z.total_out};
}

static inline const char *sha1_of(struct arena *to, struct bytes b)
{
	char *hex = arena_alloc(to, SHA1_HEX, 1);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	assert_int_equal(EVP_Digest(b.at, b.len, sum, &len, EVP_sha1(), NULL), 1);
	for (unsigned int i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}
