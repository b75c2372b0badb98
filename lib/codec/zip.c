#define ZLIB_CONST /* it doesn't write to its input */
#include "codec/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	LOCAL = 0x04034b50, /* signatures */
	CENTRAL = 0x02014b50,
	END = 0x06054b50,
	LOCAL_BYTES = 30, /* without what varies in length */
	CENTRAL_BYTES = 46,
	END_BYTES = 22,
	ENCRYPTED = 1 << 0, /* flags */
	UTF8 = 1 << 11,
	STORED = 0, /* methods */
	DEFLATED = 8,
	COMMENT_MAX = 0xffff,
	PIECE = 1 << 15,
};

static uint32_t le16(const unsigned char *at)
{
	return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t le32(const unsigned char *at)
{
	return le16(at) | le16(at + 2) << 16;
}

/* The record at the very end; its comment must reach exactly there. */
static const unsigned char *end_of(struct bytes file)
{
	if (file.len < END_BYTES)
		return NULL;
	for (size_t comment = 0; comment <= COMMENT_MAX; comment++) {
		if (comment > file.len - END_BYTES)
			return NULL;
		const unsigned char *at = file.at + file.len - END_BYTES - comment;
		if (le32(at) == END && le16(at + 20) == comment)
			return at;
	}
	return NULL;
}

/* The entry's bytes, behind its local header and before the directory. */
static bool find_data(struct bytes body, uint32_t offset, uint32_t len, struct bytes *out)
{
	if (body.len < LOCAL_BYTES || offset > body.len - LOCAL_BYTES)
		return false;
	const unsigned char *at = body.at + offset;
	size_t from = offset + LOCAL_BYTES + le16(at + 26) + le16(at + 28);
	if (le32(at) != LOCAL || from > body.len || len > body.len - from)
		return false;
	*out = (struct bytes){body.at + from, len};
	return true;
}

/* One record of the directory. Returns its length, 0 if it is none. */
static size_t read_entry(
	struct arena *mem, struct bytes directory, struct bytes body, struct zip_entry *e)
{
	const unsigned char *at = directory.at;

	if (directory.len < CENTRAL_BYTES || le32(at) != CENTRAL)
		return 0;
	uint32_t flags = le16(at + 8), method = le16(at + 10), name = le16(at + 28);
	size_t len = CENTRAL_BYTES + (size_t)name + le16(at + 30) + le16(at + 32);
	if (len > directory.len || (flags & ENCRYPTED) ||
		(method != STORED && method != DEFLATED) ||
		memchr(at + CENTRAL_BYTES, '\0', name))
		return 0;
	*e = (struct zip_entry){
		.name = arena_printf(mem, "%.*s", (int)name, at + CENTRAL_BYTES),
		.is_utf8 = (flags & UTF8) != 0,
		.is_packed = method == DEFLATED,
		.crc = le32(at + 16),
		.size = le32(at + 24),
	};
	return find_data(body, le32(at + 42), le32(at + 20), &e->data) ? len : 0;
}

bool zip_list(struct arena *mem, struct bytes file, struct list *out)
{
	const unsigned char *end = end_of(file);

	if (!end || le16(end + 4) != 0 || le16(end + 6) != 0)
		return false;
	size_t count = le16(end + 10), before = (size_t)(end - file.at);
	uint32_t len = le32(end + 12), from = le32(end + 16);
	if (count > ZIP_ENTRIES_MAX || from > before || len != before - from)
		return false;
	struct bytes body = {file.at, from}, directory = {file.at + from, len};
	struct zip_entry *entries = NEW_N(mem, struct zip_entry, count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t n = read_entry(mem, directory, body, &entries[i]);
		if (n == 0)
			return false;
		directory.at += n;
		directory.len -= n;
	}
	*out = (struct list){entries, count};
	return directory.len == 0;
}

struct unzip {
	const struct zip_entry *entry;
	bytes_fn *take;
	void *arg;
	uint64_t size;
	uLong crc;
};

static bool hand_on(struct unzip *u, struct bytes text)
{
	u->size += text.len;
	if (text.len == 0)
		return true;
	if (u->size > u->entry->size)
		return false;
	u->crc = crc32_z(u->crc, text.at, text.len);
	return u->take(u->arg, text);
}

/* The data ends where the deflated stream does, or something is wrong. */
static bool inflate_all(struct unzip *u, z_stream *z, unsigned char *piece)
{
	int rc = Z_OK;

	while (rc == Z_OK) {
		z->next_out = piece;
		z->avail_out = PIECE;
		rc = inflate(z, Z_NO_FLUSH);
		if ((rc != Z_OK && rc != Z_STREAM_END) ||
			!hand_on(u, (struct bytes){piece, PIECE - z->avail_out}))
			return false;
	}
	return z->avail_in == 0;
}

static void release(void *z)
{
	inflateEnd(z);
}

bool zip_unpack(struct arena *mem, const struct zip_entry *e, bytes_fn *take, void *arg)
{
	struct unzip u = {.entry = e, .take = take, .arg = arg, .crc = crc32_z(0, NULL, 0)};
	z_stream *z = NEW(mem, z_stream);
	bool good;

	if (e->is_packed) {
		z->next_in = e->data.at;
		z->avail_in = (uInt)e->data.len; /* came out of 32 bits */
		if (inflateInit2(z, -MAX_WBITS) != Z_OK) {
			fprintf(stderr, "zip: inflateInit2 failed\n");
			abort();
		}
		arena_defer(mem, release, z);
		good = inflate_all(&u, z, arena_alloc(mem, PIECE, 1));
	} else {
		good = hand_on(&u, e->data);
	}
	return good && u.size == e->size && u.crc == e->crc;
}
