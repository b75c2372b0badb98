#ifndef CODEC_UNPACK_H
#define CODEC_UNPACK_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* A file that comes in pieces, as gzip or as it is, becomes its text in pieces,
 * in constant memory. Which of the two its first byte says: no text begins with
 * gzip's 0x1f. */
struct unpack;

enum { SHA1_HEX = 41 };

/* Good until the arena is reset. */
struct unpack *unpack_begin(struct arena *, bytes_fn *take, void *arg);

/* False, and from then on always: not gzip's format, or take said no. */
bool unpack_push(struct unpack *, struct bytes) CHECKED;

/* True if all is well and the file is whole. The digests, lower case, are of the
 * text, and of the file as it was pushed. */
struct unpack_digests {
	char text[SHA1_HEX], file[SHA1_HEX];
};
bool unpack_end(struct unpack *, struct unpack_digests *) CHECKED;

#endif
