#ifndef SETUP_EDIT_H
#define SETUP_EDIT_H

#include "db/db.h"

/* What all edits of a venue (its courts, hours, prices …) have in common. First the
 * venue is locked, then everything is written, then what the transaction now sees is
 * checked as a whole (coverage.h, sold.h, hours/overlap.h; a check sends what is queued).
 * So hours that one desk saves and prices that another saves can't together leave an open
 * hour without a price.
 *
 * Everything that staff keep has a version. A save or a removal names the version that
 * was read; if it is another by now: E_VERSION_CHANGED. What is not there, or not at a
 * venue of the caller's: E_NOT_FOUND. What orders or other things depend on: E_IN_USE. */

enum {
	/* characters */
	NAME_LENGTH = 40,         /* of a venue, a court, a unit, a sport, a holiday */
	EDIT_REASON_LENGTH = 100, /* why a court is blocked, or a date has other hours */
};

/* Why an edit was refused, besides its error. */
struct refusal {
	const char *field; /* of the body, in the arena; NULL: none */
	raw_json detail;   /* text NULL: none */
};

/* Queue a lock on the venue until the transaction ends: other edits of it wait, orders
 * don't. E_NOT_FOUND. */
void venue_lock(struct tx *, int64_t venue_id);

/* Queue a lock on the platform's calendar: edits of all venues wait. */
void calendar_lock(struct tx *);

/* Of a change that begins with what the caller has read: E_VERSION_CHANGED unless that is
 * still what is stored. */
static inline enum err version_check(int64_t stored, int64_t read)
{
	return read == stored || read == ANY_VERSION ? E_OK : E_VERSION_CHANGED;
}

/* Queue: E_NOT_FOUND unless the caller may see the venue. For lists, which would be
 * empty otherwise. */
void venue_require(struct tx *, int64_t venue_id);

/* What depends on a thing that is to change or go, as a statement answers it. */
struct dependants {
	bool used;
	raw_json detail; /* which */
};
extern const struct shape dependants_shape;

/* E_IN_USE with `field` if there are any. */
enum err dependants_check(
	const struct dependants *, const char *field, struct refusal *) CHECKED;

#endif
