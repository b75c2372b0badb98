#ifndef TELL_TEXT_H
#define TELL_TEXT_H

#include "base/arena.h"
#include "base/shape.h"

/* The words of the inbox. */

/* What they are made of. */
struct inbox_facts {
	int64_t order_id, account_id;
	const char *state; /* of the order, or of the refund */
	const char *venue;
	const char *places; /* "11月24日 20:00–21:00 1 号场、…" */
	int64_t periods;    /* all of them; only the first PLACES_NAMED are in places */
	money sum;
	const char *cause, *reason; /* of a refund, else NULL */
};
enum { PLACES_NAMED = 3 };

/* Title and text, in the arena, of a message of this kind; false: there is nothing to tell
 * any more. Pure. */
bool inbox_text_write(struct arena *, const char *kind, const struct inbox_facts *,
	const char **title, const char **text);

#endif
