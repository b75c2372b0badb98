/* The arena of the fuzz builds: every piece is a block of malloc's own, gone at the
 * reset. The real one packs them together, and the sanitizer sees nothing of what
 * happens inside a block. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct piece {
	struct piece *next;
	void *at;
	arena_fn *fn;
};

struct arena {
	struct piece *pieces;
};

static void *some(size_t n)
{
	void *at = calloc(1, n ? n : 1);

	if (!at)
		abort();
	return at;
}

struct arena *arena_new(size_t first_block)
{
	(void)first_block;
	return some(sizeof(struct arena));
}

static void add(struct arena *a, void *at, arena_fn *fn)
{
	struct piece *p = some(sizeof(*p));

	*p = (struct piece){a->pieces, at, fn};
	a->pieces = p;
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
	void *at = some(size);

	if (align > _Alignof(max_align_t))
		abort();
	add(a, at, free);
	return at;
}

void arena_defer(struct arena *a, arena_fn *fn, void *arg)
{
	add(a, arg, fn);
}

/* Newest first, so that a handle is let go before the memory that it lies in. */
void arena_reset(struct arena *a)
{
	while (a->pieces) {
		struct piece *p = a->pieces;

		a->pieces = p->next;
		p->fn(p->at);
		free(p);
	}
}

void arena_free(struct arena *a)
{
	arena_reset(a);
	free(a);
}

char *arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(arena_alloc(a, n, 1), s, n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	char *s = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

size_t array_size(size_t n, size_t each)
{
	size_t out;

	if (__builtin_mul_overflow(n, each, &out))
		abort();
	return out;
}
