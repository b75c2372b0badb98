/* Zip files: what is handed out is what the directory promises. */
#include "fuzz.h"

#include "codec/zip.h"

#include <zlib.h>

enum { ENOUGH = 1 << 20 };

struct seen {
	size_t len;
	uLong crc;
};

static bool count(void *arg, struct bytes text)
{
	struct seen *s = arg;

	s->len += text.len;
	s->crc = crc32_z(s->crc, text.at, text.len);
	return s->len < ENOUGH;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct list list = {0};

	begin();
	if (!zip_list(mem, (struct bytes){at, n}, &list))
		return 0;
	CLAIM(list.count <= ZIP_ENTRIES_MAX);
	for (size_t i = 0; i < list.count; i++) {
		const struct zip_entry *e = (const struct zip_entry *)list.at + i;
		struct seen seen = {0, crc32_z(0, NULL, 0)};

		CLAIM(e->data.at >= at && e->data.at + e->data.len <= at + n);
		bool good = zip_unpack(mem, e, count, &seen);
		CLAIM(seen.len <= e->size);
		CLAIM(!good || (seen.len == e->size && seen.crc == e->crc));
	}
	return 0;
}
