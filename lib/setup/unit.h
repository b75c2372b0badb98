#ifndef SETUP_UNIT_H
#define SETUP_UNIT_H

#include "setup/edit.h"

/* Physical pieces of floor, on which courts stand. */

struct unit_in {
	const char *name;
};
extern const struct shape unit_in_shape;
struct unit {
	int64_t id, version;
	const char *name;
	raw_json courts; /* [31, 32]: which stand on it */
};
extern const struct shape unit_shape;
enum err unit_list(
	struct tx *, int64_t venue_id, int64_t after, int64_t limit, struct list *) CHECKED;
enum err unit_load(struct tx *, int64_t venue_id, int64_t id, struct unit *) CHECKED;
enum err unit_add(struct tx *, int64_t venue_id, const struct unit_in *, int64_t *id,
	struct refusal *) CHECKED;
enum err unit_save(struct tx *, int64_t venue_id, int64_t id, int64_t version,
	const struct unit_in *, struct refusal *) CHECKED;
/* E_IN_USE while a court stands on it or something holds it. */
enum err unit_remove(
	struct tx *, int64_t venue_id, int64_t id, int64_t version, struct refusal *) CHECKED;

#endif
