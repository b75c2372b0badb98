#ifndef SETUP_BLOCK_H
#define SETUP_BLOCK_H

#include "setup/edit.h"
#include "venue/outside.h"

/* A block: staff take a court out of use for a while. It holds the court's units as an
 * order does, under the same primary key (occupancy_pkey), so that a block and an order
 * can't overlap. Over what is sold it lies only when people have chosen for that: then it
 * holds the rest, and the floor of a period falls to it when that is given up
 * (floor_to_block). */

enum { BLOCK_DAYS_MAX = 366 };

struct block_in {
	int64_t court_id; /* of a new one; it stays */
	stamp start, end; /* whole half hours */
	const char *reason;
	struct outside_in outside;
};
extern const struct shape block_new_shape, block_edit_shape;
struct block {
	int64_t id, version, court_id;
	const char *court_name, *timezone, *reason;
	stamp start, end, created_at;
};
extern const struct shape block_shape;

/* By id: those that end on the date `from` or later; 0: that have not ended yet. */
enum err block_list(struct tx *, int64_t venue_id, date from, int64_t after, int64_t limit,
	struct list *) CHECKED;
enum err block_load(struct tx *, int64_t venue_id, int64_t id, struct block *) CHECKED;
/* E_IN_USE if something is there already: detail {"orders": [{"id","no","date"}],
 * "blocks": [7], "total"}, the first 20 of each; but sold periods are not in the way of a
 * body that chooses for them, nor those that were chosen for. E_SOLD_OUTSIDE. E_COURT_NOT_FOUND; E_BAD_FIELD for a
 * court without units, and for times off the half hour, in the wrong order or too far
 * apart. */
enum err block_add(struct tx *, int64_t venue_id, const struct block_in *, int64_t *id,
	struct refusal *) CHECKED;
enum err block_save(struct tx *, int64_t venue_id, int64_t id, int64_t version,
	const struct block_in *, struct refusal *) CHECKED;
enum err block_remove(struct tx *, int64_t venue_id, int64_t id, int64_t version) CHECKED;

#endif
