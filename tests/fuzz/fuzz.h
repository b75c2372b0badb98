/* What the harnesses share. Each gives outside bytes to one parser, and claims
 * something of what came out. libFuzzer runs them (`make fuzz`); replay.c runs
 * the corpus (`make test`). */
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "codec/crypto.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***); /* only where there is something to prepare */

/* Not assert(): it holds in every build, and its words reach the report. */
#define CLAIM(holds)                                                                        \
	do {                                                                                \
		if (!(holds)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #holds); \
			abort();                                                            \
		}                                                                           \
	} while (0)

/* The arena of the harness. Those of the fuzz build give each piece a place of its
 * own (apart.c), so that a step beyond it is seen. */
static struct arena *mem;

static inline void begin(void)
{
	if (!mem)
		mem = arena_new(1 << 16);
	arena_reset(mem);
	json_use(mem);
}

/* The bytes as a text that ends at their first NUL, or at their end. */
static inline const char *text_of(const uint8_t *at, size_t n)
{
	return arena_printf(mem, "%.*s", (int)n, (const char *)at);
}

/* Cuts off what stands before the next newline; all of it if there is none. */
static inline const char *line_of(const uint8_t **at, size_t *n)
{
	const uint8_t *end = memchr(*at, '\n', *n);
	size_t len = end ? (size_t)(end - *at) : *n;
	const char *line = text_of(*at, len);

	*at += len + (end != NULL);
	*n -= len + (end != NULL);
	return line;
}
