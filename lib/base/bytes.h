#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A run of bytes that belongs to someone else, as a rule to an arena. What this
 * library returns has a NUL behind it that is not counted. */
struct bytes {
	const unsigned char *at;
	size_t len;
};

static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const unsigned char *)text, strlen(text)};
}

/* Is handed something long in pieces, in order; false: no more of it. */
typedef bool bytes_fn(void *arg, struct bytes);

/* Texts that end with a NUL. Both are there and alike: NULL is like nothing. */
static inline bool text_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static inline bool text_begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* How many bytes of UTF-8 are the most whole characters within max bytes. */
static inline size_t text_cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

#endif
