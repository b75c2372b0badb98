#ifndef SETUP_SPORT_H
#define SETUP_SPORT_H

#include "setup/edit.h"

/* The platform's list of sports, and what a venue offers of them. */

struct sport_in {
	const char *code, *name;
};
extern const struct shape sport_new_shape, sport_edit_shape;
struct sport {
	int64_t id, version;
	const char *code, *name;
};
extern const struct shape sport_shape;
enum err sport_list(struct tx *, int64_t after, int64_t limit, struct list *) CHECKED;
enum err sport_load(struct tx *, int64_t id, struct sport *) CHECKED;
enum err sport_add(struct tx *, const struct sport_in *, int64_t *id, struct refusal *) CHECKED;
enum err sport_save(struct tx *, int64_t id, int64_t version, const struct sport_in *) CHECKED;
/* E_IN_USE while a venue offers it or a price is for it. */
enum err sport_remove(struct tx *, int64_t id, int64_t version) CHECKED;

/* A sport at a venue: it can be booked in slots of so many minutes, half hours. */
struct offer_in {
	int64_t sport_id, slot_minutes;
};
extern const struct shape offer_new_shape, offer_edit_shape;
struct offer {
	int64_t sport_id, version, slot_minutes;
	const char *code, *name;
};
extern const struct shape offer_shape;
enum err offer_list(
	struct tx *, int64_t venue_id, int64_t after, int64_t limit, struct list *) CHECKED;
enum err offer_load(struct tx *, int64_t venue_id, int64_t sport_id, struct offer *) CHECKED;
/* E_SPORT_NOT_FOUND. Its courts need prices (coverage.h), and only what is offered has any. */
enum err offer_add(
	struct tx *, int64_t venue_id, const struct offer_in *, struct refusal *) CHECKED;
enum err offer_save(struct tx *, int64_t venue_id, int64_t version, const struct offer_in *,
	struct refusal *) CHECKED;
/* E_IN_USE while the venue has courts or prices for it. */
enum err offer_remove(struct tx *, int64_t venue_id, int64_t sport_id, int64_t version) CHECKED;

#endif
