#ifndef SETUP_COVERAGE_H
#define SETUP_COVERAGE_H

#include "setup/edit.h"

/* Every half hour in which a venue is open has a price, for every court on sale: no
 * edit is saved that would end that. What counts as a gap is decided in price_gap.h. */

/* E_PRICE_HOLE with `field` if an open half hour of the venue, today or later, has no
 * price: detail {"venue_id","court_id","court","sport","weekday","date","day_kind",
 * "day_name","from","to"}. */
enum err coverage_check(
	struct tx *, int64_t venue_id, const char *field, struct refusal *) CHECKED;

#endif
