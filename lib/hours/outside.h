#ifndef HOURS_OUTSIDE_H
#define HOURS_OUTSIDE_H

#include "db/db.h"

/* Sold periods that lie outside of the opening hours, after these were changed. The
 * order stands as it was sold; people have to see to it. */

struct outside {
	int64_t order_id, item_id, court_id;
	const char *no, *court_name;
	date date;
	stamp start, end;
};
extern const struct shape outside_shape;
enum { OUTSIDE_MAX = 500 }; /* are listed */

/* Queue the question; venue 0: of all venues; day 0: of all days to come. */
void outside_ask(struct tx *, int64_t venue_id, date day, struct list *out);

#endif
