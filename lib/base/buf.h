#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include "base/shape.h"

/* Growing bytes. Grows in an arena up to a cap; past the cap every write is
 * ignored and `full` stays set, so callers check once, at the end. */
struct buf {
	struct arena *mem;
	char *at;
	size_t len, cap, max;
	bool full, comma;
	const char *zone; /* of the times that are written; NULL: China's */
};

static inline struct buf buf_in(struct arena *arena, size_t max)
{
	return (struct buf){.mem = arena, .max = max};
}
void buf_clear(struct buf *);
void buf_add(struct buf *, const void *, size_t);
void buf_puts(struct buf *, const char *);
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_text(struct buf *); /* the bytes with a NUL behind them */

/* JSON, written straight into the buffer. A NULL name is an array element. */
void json_open(struct buf *, const char *name, char bracket);
void json_close(struct buf *, char bracket);
void json_text(struct buf *, const char *name, const char *); /* NULL is null */
void json_text_n(struct buf *, const char *name, const char *, size_t);
void json_int(struct buf *, const char *name, int64_t);
void json_bool(struct buf *, const char *name, bool);
void json_null(struct buf *, const char *name);
void json_raw(struct buf *, const char *name, const char *json);
void json_stamp(struct buf *, const char *name, stamp); /* RFC 3339 */
void json_shape(struct buf *, const char *name, const struct shape *, const void *);
void json_list(struct buf *, const char *name, const struct shape *, const struct list *);

#endif
