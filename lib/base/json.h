#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/shape.h"

#include <cjson/cJSON.h>

/* The one door through which outside JSON comes in. cJSON builds the tree, in
 * the arena; before it does, the bytes are checked against RFC 8259 without
 * its leniencies (trailing bytes, leading zeros, control characters, bad
 * UTF-8), and without \u0000, lone surrogates, nesting over 32 levels and
 * repeated names. */

enum { JSON_DEPTH_MAX = 32 };

/* Why a body was refused, for the reply. Both may be unset. */
struct json_fault {
	const char *field; /* path such as "periods[2].start", in the arena */
	size_t offset;     /* of the first bad byte */
};

/* Where the arena for cJSON's nodes comes from; set once per request. */
void json_use(struct arena *);

/* E_BAD_JSON, or the tree. Bytes need no NUL behind them. */
enum err json_parse(struct arena *, const char *text, size_t len, const cJSON **root,
	struct json_fault *) CHECKED;

/* Fill a struct. E_UNKNOWN_FIELD for a member that the shape lacks (unless
 * lenient: answers of outside parties may grow), E_BAD_FIELD for a wrong type,
 * value or length; fault->field names it. */
enum json_mode { JSON_STRICT, JSON_LENIENT };
enum err json_read(struct arena *, const cJSON *, const struct shape *, enum json_mode,
	void *out, struct json_fault *) CHECKED;

/* Both in one. */
enum err json_load(struct arena *, const char *text, size_t len, const struct shape *,
	enum json_mode, void *out, struct json_fault *) CHECKED;

/* One value given as text (path or query), by the same rules as a JSON member.
 * The text stays part of the struct, and may be tidied in place. */
enum err field_read_text(struct arena *, const struct field *f, char *s, void *obj) CHECKED;

bool utf8_valid(const char *, size_t);
int64_t utf8_characters(const char *); /* of a valid text */

/* The check before cJSON, by itself (jsontext.c); *bad is the offset of the first bad byte. */
bool json_text_valid(const char *text, size_t len, size_t *bad);

#endif
