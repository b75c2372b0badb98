#ifndef BASE_SHAPE_H
#define BASE_SHAPE_H

#include "base/phone.h"
#include "base/plain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A shape says which members of a struct are visible outside it. The same
 * shape reads a JSON body, fills the struct from a result row, and writes it
 * back as JSON. */

typedef struct {
	int64_t us;
} stamp; /* microseconds since 1970, UTC; 0 in an optional field is "none" */
typedef struct {
	int32_t days;
} date; /* days since 1970-01-01, a venue's local date */
typedef struct {
	int64_t fen;
} money; /* integer fen, never a double */
typedef struct {
	const char *text;
} raw_json; /* JSON that PostgreSQL or we made earlier, written as it is */
struct list {
	void *at;
	size_t count;
}; /* an array of structs in the arena; field.of says of which */

/* The largest whole number that every JSON reader keeps exactly. */
#define ID_MAX ((1LL << 53) - 1)

enum kind { K_BOOL, K_INT, K_TEXT, K_STAMP, K_DATE, K_MONEY, K_JSON, K_LIST };

struct shape;
struct field {
	const char *name;
	uint16_t offset;
	uint8_t kind;
	uint8_t plain;    /* enum plain: what a text that people write may hold */
	uint8_t digits;   /* enum digits: a number that people type is read so */
	bool optional;    /* input may lack it, a row may have NULL, output is null */
	bool hidden;      /* filled from rows, never written as JSON */
	bool zone;        /* hidden, a text: the time zone of the times behind it */
	int64_t min, max; /* value, characters of a text, length of a list; 0,0 is any */
	int64_t absent;   /* what an optional number or bool of a JSON body is when it lacks */
	const char *one_of;     /* a text must be one of these words: "a|b|c" */
	const struct shape *of; /* what a list holds */
};

struct shape {
	const char *name;
	size_t size;
	const struct field *fields;
	size_t count;
};

/* A shape whose only field has no name is no object: a list of it holds bare
 * values, such as [12, 13]. */
static inline bool shape_is_bare(const struct shape *sh)
{
	return sh->count == 1 && !sh->fields[0].name;
}

/* The kind comes from the member's own type, so the two cannot disagree;
 * a member of any other type does not compile. */
/* clang-format off */
#define KIND_OF(T, m)                                                                          \
	_Generic(((T *)0)->m, bool: K_BOOL, int64_t: K_INT, const char *: K_TEXT,              \
		stamp: K_STAMP, date: K_DATE, money: K_MONEY, raw_json: K_JSON,                \
		struct list: K_LIST)

#define FIELD(T, m, ...)                                                                       \
	{ .name = #m, .offset = offsetof(T, m), .kind = KIND_OF(T, m), __VA_ARGS__ }

/* A member that the outside knows by another name. */
#define FIELD_AS(T, m, as, ...)                                                                \
	{ .name = (as), .offset = offsetof(T, m), .kind = KIND_OF(T, m), __VA_ARGS__ }

#define SHAPE(T, f)                                                                            \
	{ #T, sizeof(T), (f), sizeof(f) / sizeof((f)[0]) }
/* clang-format on */

#endif
