#ifndef CODEC_ZIP_H
#define CODEC_ZIP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/shape.h"

/* Zip files that are in memory, found by their central directory (PKWARE APPNOTE
 * 6.3.4): one disk, no encryption, no ZIP64, stored or deflated. Everything that a
 * header says is held against the file before it is believed. */

enum { ZIP_ENTRIES_MAX = 64 };

struct zip_entry {
	const char *name; /* as it is there: in UTF-8 if is_utf8, else anything */
	bool is_utf8;
	bool is_packed;
	uint32_t crc, size;
	struct bytes data; /* as it is in the file */
};

/* The entries, struct zip_entry each; false if this is no such file, or one with
 * more than ZIP_ENTRIES_MAX of them. */
bool zip_list(struct arena *, struct bytes file, struct list *) CHECKED;

/* Hands the entry's text out in pieces, in constant memory. Only "true" says that
 * they are what was packed; false also if take wanted no more. */
bool zip_unpack(struct arena *, const struct zip_entry *, bytes_fn *take, void *arg) CHECKED;

#endif
