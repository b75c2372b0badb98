#ifndef TELL_TEXT_H
#define TELL_TEXT_H

#include "base/arena.h"
#include "base/shape.h"

/* The words of the inbox. */

/* What they are made of. */
struct inbox_facts {
	int64_t order_id, account_id;
	const char *state; /* of the order or of the refund; of a ban "in_force" or "over" */
	const char *venue;
	const char *places; /* "11月24日 20:00–21:00 1 号场、…": what the message is about */
	int64_t periods; /* all of them; only the first PLACES_NAMED are in places */
	money sum;
	money late_fen;     /* what came when the order had ended: it goes back */
	const char *cause;  /* of a refund, else NULL */
	const char *reason; /* of a refund, a ban, or a venue that cancels; else NULL */
	const char *until;  /* of a ban, in the venue's own time, else NULL */
};
enum { PLACES_NAMED = 3 };

/* Title and text, in the arena, of a message of this kind; false: there is nothing to tell
 * any more. Pure. */
bool inbox_text_write(struct arena *, const char *kind, const struct inbox_facts *,
	const char **title, const char **text);

#endif
