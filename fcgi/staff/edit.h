#ifndef STAFF_EDIT_H
#define STAFF_EDIT_H

#include "setup/edit.h"
#include "staff.h"
#include "venue/outside.h"

/* What the routes by which staff keep a venue have in common. */

/* The query of a list by date. */
struct from_query {
	struct page page;
	date from;
};
extern const struct shape from_query_shape;

/* r->arg[i] as a date: 20261001. E_NOT_FOUND for a number that is no date. */
enum err path_date(const struct req *, int i, date *) CHECKED;

/* How an edit ended. If it was refused, the answer tells which field is at fault and what
 * is in the way; but no field is at fault for our own trouble, or if somebody else has
 * saved first. */
enum err edit_outcome(struct req *, enum err, const struct refusal *) CHECKED;

/* {<name>: …, "outside": […]}: a thing after its change, and the sold periods that now lie
 * outside of the opening hours. */
enum err reply_outside(struct req *, int status, int64_t version, const char *name,
	const struct shape *, const void *, const struct list *outside) CHECKED;
/* {"outside": […]}: the same after a removal. */
enum err reply_removed(struct req *, const struct list *outside) CHECKED;

#endif
