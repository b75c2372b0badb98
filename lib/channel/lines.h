#ifndef CHANNEL_LINES_H
#define CHANNEL_LINES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#include <stdint.h>

/* A file that comes in pieces of any size, cut into its lines, in constant memory. */

enum { LINES_FAULT_TEXT = 256 };

/* Takes a line without its end (LF, or CR and LF), which it may change. */
typedef enum err line_fn(void *arg, char *line);

struct lines {
	int64_t number; /* of the current line, from 1 */
	char fault[LINES_FAULT_TEXT];

	line_fn *take; /* from here on private to lines.c */
	void *arg;
	enum err err;
	size_t len, max;
	char *line;
};

/* No line may be longer than max bytes. */
struct lines *lines_begin(struct arena *, size_t max, line_fn *take, void *arg);

/* E_BAD_BODY for a line that is too long or has a zero byte; else what take came to.
 * The first failure ends the reading, and is the answer from then on. */
enum err lines_push(struct lines *, struct bytes) CHECKED;

/* The file is over: its last line may lack its end. */
enum err lines_end(struct lines *) CHECKED;

/* For take: E_BAD_BODY, and in fault which line, which column ("" for none), what. */
enum err lines_refuse(struct lines *, const char *column, const char *why) CHECKED;

#endif
