#ifndef SETUP_SOLD_H
#define SETUP_SOLD_H

#include "setup/edit.h"

/* What was sold stands in the way of edits that would change it. */

/* Which orders do. */
struct sold_params {
	int64_t court_id; /* 0: of all courts of the venue */
	date from; /* only periods not given up, of this play date or later; 0: ever sold */
	bool unfinished; /* only those that are not over, nor given up */
	bool undecided;  /* not those that people have chosen for (venue/outside.h) */
};

/* E_IN_USE with `field` if there are any: detail {"orders": [{"id","no","date"}],
 * "total"}; the first 20 are named. Exact if the court, or the venue, is locked against
 * orders. */
enum err sold_check(struct tx *, int64_t venue_id, const struct sold_params *,
	const char *field, struct refusal *) CHECKED;

/* E_IN_USE with `field` while sold periods or blocks are ahead, at the court, or at all of
 * the venue (0): for changes of what these were written down with. */
enum err ahead_check(struct tx *, int64_t venue_id, int64_t court_id, const char *field,
	struct refusal *) CHECKED;

/* SQL: as JSON the first 20 of the orders o in a FROM list. */
#define NAMED_MAX "20"
#define ORDERS_NAMED(from)                                                      \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'no', f.no," \
	" 'date', f.play_date) ORDER BY f.play_date, f.id), '[]')"              \
	" FROM (SELECT o.id, o.no, o.play_date FROM " from                      \
	" ORDER BY o.play_date, o.id LIMIT " NAMED_MAX ") f)"

#endif
