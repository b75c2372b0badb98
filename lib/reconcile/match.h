#ifndef RECONCILE_MATCH_H
#define RECONCILE_MATCH_H

#include "db/db.h"
#include "reconcile/load.h"

/* The comparison: queue what stores the differences of a day and the work that they
 * make, and ends the run as matched. The same again stores nothing. E_RETRY: the lines
 * are not there any more. */
void reconcile_match(struct tx *, const char *channel, date, const struct reconcile_load *);

#endif
