#ifndef SETUP_COURT_H
#define SETUP_COURT_H

#include "setup/edit.h"
#include "venue/outside.h"

/* Courts, as staff keep them. A court stands on units of floor (unit.h), which is how two
 * courts on the same floor are never sold at once; without any it is not for sale. One
 * that was sold is never removed: it ends on a date. */

struct court_in {
	int64_t sport_id; /* of a new one; it stays */
	const char *name;
	int64_t position;
	struct list units; /* of struct unit_id */
	date ends_on;
	struct outside_in outside;
};
struct unit_id {
	int64_t id;
};
enum { UNITS_MAX = 32, POSITION_MAX = 10000 };
extern const struct shape court_new_shape, court_edit_shape;
struct court_sheet {
	int64_t id, version, sport_id, position;
	const char *name;
	raw_json units; /* [21, 22] */
	date ends_on;
};
extern const struct shape court_sheet_shape;
enum err court_sheet_list(
	struct tx *, int64_t venue_id, int64_t after, int64_t limit, struct list *) CHECKED;
enum err court_sheet_load(
	struct tx *, int64_t venue_id, int64_t id, struct court_sheet *) CHECKED;
/* E_SPORT_NOT_FOUND if the venue does not offer it; E_BAD_FIELD for a unit that is not the
 * venue's or is named twice ("units[1]"); E_NAME_TAKEN; E_PRICE_HOLE. */
enum err court_add(struct tx *, int64_t venue_id, const struct court_in *, int64_t *id,
	struct refusal *) CHECKED;
/* Other units: E_IN_USE while sold periods or blocks are ahead, because those hold the
 * units that they were sold with. An end: E_IN_USE while something is sold from that date
 * on that nobody has chosen for, in this body or before; E_SOLD_OUTSIDE. E_PRICE_HOLE if it would be on sale again at hours without a price. */
enum err court_save(struct tx *, int64_t venue_id, int64_t id, int64_t version,
	const struct court_in *, struct refusal *) CHECKED;
/* E_IN_USE if it was ever sold, and while prices or blocks are for it. */
enum err court_remove(
	struct tx *, int64_t venue_id, int64_t id, int64_t version, struct refusal *) CHECKED;

#endif
