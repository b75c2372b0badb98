#ifndef SETUP_VENUE_H
#define SETUP_VENUE_H

#include "setup/edit.h"
#include "venue/outside.h"

/* Venues, as staff keep them. One that was sold in is never removed: it ends on a date. */

enum { ADDRESS_LENGTH = 200, VENUE_PHONE_LENGTH = 32, ZONE_LENGTH = 64 };

struct venue_in {
	const char *name, *address, *phone, *timezone;
	int64_t window_days, checkin_early_minutes;
	int64_t longest_minutes; /* of one period */
	date ends_on;            /* 0: open-ended */
	bool phone_required;     /* only customers with a bound phone may book */
	struct outside_in outside;
};
extern const struct shape venue_new_shape, venue_edit_shape;
struct venue_sheet {
	int64_t id, version, window_days, checkin_early_minutes, longest_minutes;
	const char *name, *address, *phone, *timezone; /* address, phone: NULL if unknown */
	date ends_on;
	bool phone_required;
};
extern const struct shape venue_sheet_shape;

enum err venue_sheet_list(struct tx *, int64_t after, int64_t limit, struct list *) CHECKED;
enum err venue_sheet_load(struct tx *, int64_t id, struct venue_sheet *) CHECKED;
enum err venue_add(struct tx *, const struct venue_in *, int64_t *id, struct refusal *) CHECKED;
/* E_BAD_FIELD for a time zone that does not exist, or is at any time off the half hours of
 * UTC, and for a longest period of other than half hours. Another zone: E_IN_USE while sold periods or blocks are ahead. An end: E_IN_USE
 * while something is sold from that date on that nobody has chosen for, in this body or
 * before; E_SOLD_OUTSIDE. */
enum err venue_save(struct tx *, int64_t id, int64_t version, const struct venue_in *,
	struct refusal *) CHECKED;
/* Its hours, prices and sports go with it. E_IN_USE if there was ever an order, and while it
 * has courts, units or staff. */
enum err venue_remove(struct tx *, int64_t id, int64_t version, struct refusal *) CHECKED;

#endif
