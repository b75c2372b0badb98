#ifndef CODEC_RECODE_H
#define CODEC_RECODE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* Text in another charset, in pieces of any size, becomes UTF-8 in pieces. */
struct recode;

/* A name that iconv(1) knows, such as "GB18030" (which is GBK and more). Good until
 * the arena is reset. NULL: no such charset on this machine. */
struct recode *recode_begin(struct arena *, const char *charset, bytes_fn *take, void *arg);

/* False, and from then on always: not that charset, or take said no. */
bool recode_push(struct recode *, struct bytes) CHECKED;

/* True if all is well and no character was left half. */
bool recode_end(struct recode *) CHECKED;

/* A short text at once; NULL if it isn't in that charset. */
const char *recode_text(struct arena *, const char *charset, const char *) CHECKED;

#endif
