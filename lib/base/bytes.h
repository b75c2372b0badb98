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

#endif
