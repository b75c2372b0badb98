/* Zip files as others make them, byte by byte. */
#include "base/buf.h"
#include "codec/zip.h"

#include <stdlib.h>
#include <zlib.h>

enum { ZIP_DIRECTORY = 46, ZIP_LOCAL = 30 };

struct zip_file {
	const char *name;
	struct bytes text;
	bool stored, utf8;
};

static inline void le(struct buf *b, size_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		buf_add(b, &(unsigned char){(unsigned char)n}, 1);
}

static inline struct bytes deflated(struct arena *to, struct bytes text)
{
	unsigned char *out = arena_alloc(to, text.len + 1024, 1);
	z_stream z = {.next_out = out, .avail_out = (uInt)text.len + 1024};
	unsigned char *in = arena_alloc(to, text.len + 1, 1);

	memcpy(in, text.at, text.len);
	z.next_in = in;
	z.avail_in = (uInt)text.len;
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (struct bytes){out, z.total_out};
}

/* What both headers of a file have in common. */
static inline void zip_common(struct buf *b, const struct zip_file *f, struct bytes data)
{
	le(b, 20, 2);
	le(b, f->utf8 ? 1 << 11 : 0, 2);
	le(b, f->stored ? 0 : 8, 2);
	le(b, 0, 4);
	le(b, crc32_z(0, f->text.at, f->text.len), 4);
	le(b, data.len, 4);
	le(b, f->text.len, 4);
	le(b, strlen(f->name), 2);
	le(b, 0, 2);
}

static inline struct bytes zipped(struct arena *to, const struct zip_file *files, size_t count)
{
	struct buf all = buf_in(to, 1 << 22), directory = buf_in(to, 1 << 16);

	for (size_t i = 0; i < count; i++) {
		const struct zip_file *f = &files[i];
		struct bytes data = f->stored ? f->text : deflated(to, f->text);

		le(&directory, 0x02014b50, 4);
		le(&directory, 20, 2);
		zip_common(&directory, f, data);
		le(&directory, 0, 10); /* comment, disk, attributes */
		le(&directory, all.len, 4);
		buf_puts(&directory, f->name);
		le(&all, 0x04034b50, 4);
		zip_common(&all, f, data);
		buf_puts(&all, f->name);
		buf_add(&all, data.at, data.len);
	}
	size_t at = all.len;
	buf_add(&all, directory.at, directory.len);
	le(&all, 0x06054b50, 4);
	le(&all, 0, 4);
	le(&all, count, 2);
	le(&all, count, 2);
	le(&all, directory.len, 4);
	le(&all, at, 4);
	le(&all, 0, 2);
	assert_false(all.full);
	return (struct bytes){(unsigned char *)all.at, all.len};
}
