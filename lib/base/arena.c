#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	size_t cap;
	_Alignas(max_align_t) char data[];
};

struct defer {
	struct defer *next;
	arena_fn *fn;
	void *arg;
};

struct arena {
	struct block *head;
	size_t used;
	struct defer *defers;
};

static _Noreturn void oom(void)
{
	fputs("out of memory\n", stderr);
	abort();
}

static struct block *block_new(size_t cap, struct block *next)
{
	struct block *b = malloc(sizeof(*b) + cap);

	if (!b)
		oom();
	*b = (struct block){.next = next, .cap = cap};
	return b;
}

struct arena *arena_new(size_t first_block)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		oom();
	a->head = block_new(first_block, NULL);
	return a;
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
	size_t at = (a->used + align - 1) & ~(align - 1);

	if (size > PTRDIFF_MAX / 2)
		oom();
	if (at + size > a->head->cap) {
		size_t cap = a->head->cap * 2;
		a->head = block_new(cap > size ? cap : size, a->head);
		at = 0;
	}
	a->used = at + size;
	return memset(a->head->data + at, 0, size);
}

void arena_defer(struct arena *a, arena_fn *fn, void *arg)
{
	struct defer *d = NEW(a, struct defer);

	*d = (struct defer){.next = a->defers, .fn = fn, .arg = arg};
	a->defers = d;
}

void arena_reset(struct arena *a)
{
	for (struct defer *d = a->defers; d; d = d->next)
		d->fn(d->arg);
	a->defers = NULL;
	while (a->head->next) {
		struct block *dead = a->head->next;
		a->head->next = dead->next;
		free(dead);
	}
	a->used = 0;
}

void arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	free(a);
}

char *arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(arena_alloc(a, n, 1), s, n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char none[1];
	int n = vsnprintf(none, sizeof(none), fmt, ap);
	va_end(ap);
	if (n < 0)
		oom();

	char *s = arena_alloc(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

size_t array_size(size_t n, size_t each)
{
	size_t out;

	if (__builtin_mul_overflow(n, each, &out))
		oom();
	return out;
}
