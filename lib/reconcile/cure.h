#ifndef RECONCILE_CURE_H
#define RECONCILE_CURE_H

#include "db/db.h"
#include "reconcile/source.h"

/* What can be put right without people: query, poll, send back; close what has gone; end
 * the run as done. Each step may be done again: it finds what is still to do in the
 * rows. */
enum err reconcile_cure(struct db *, struct arena *, const struct bill_source *, date,
	int64_t *refunds) CHECKED;

#endif
