#ifndef SETUP_VENUE_H
#define SETUP_VENUE_H

#include "setup/edit.h"

/* Venues, the sports that they offer, courts and units, as staff keep them.
 * Everything has a version: a save or removal with another one than it has is
 * E_VERSION_CHANGED; what is not there, or not the caller's, is E_NOT_FOUND.
 * What orders or others depend on is E_IN_USE; a court or venue with orders
 * ends from a date on instead. */

enum { ADDRESS_LENGTH = 200, VENUE_PHONE_LENGTH = 32, ZONE_LENGTH = 64 };

struct venue_in {
	const char *name, *address, *phone, *timezone;
	int64_t window_days, checkin_early_minutes;
	date ends_on; /* 0: open-ended */
};
extern const struct shape venue_in_shape;
struct venue_sheet {
	int64_t id, version, window_days, checkin_early_minutes;
	const char *name, *address, *phone, *timezone; /* address, phone: NULL if unknown */
	date ends_on;
};
extern const struct shape venue_sheet_shape;

enum err venue_sheets(struct tx *, int64_t after, int64_t limit, struct list *) CHECKED;
enum err venue_sheet_load(struct tx *, int64_t id, struct venue_sheet *) CHECKED;
enum err venue_add(struct tx *, const struct venue_in *, int64_t *id, struct refusal *) CHECKED;
/* E_BAD_FIELD for a time zone that is none, or is ever off the half hours of UTC;
 * another one is E_IN_USE while sold periods or blocks are ahead. */
enum err venue_save(struct tx *, int64_t id, int64_t version, const struct venue_in *,
	struct refusal *) CHECKED;
/* Its hours, prices and sports go with it; courts, units, orders and staff stand in the way. */
enum err venue_remove(struct tx *, int64_t id, int64_t version, struct refusal *) CHECKED;

/* The platform's list of sports. */
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
enum err sport_remove(struct tx *, int64_t id, int64_t version) CHECKED;

/* What a venue offers. */
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
enum err offer_add(
	struct tx *, int64_t venue_id, const struct offer_in *, struct refusal *) CHECKED;
enum err offer_save(struct tx *, int64_t venue_id, int64_t version, const struct offer_in *,
	struct refusal *) CHECKED;
enum err offer_remove(struct tx *, int64_t venue_id, int64_t sport_id, int64_t version) CHECKED;

/* A court stands on units; without any it is not for sale. */
struct court_in {
	int64_t sport_id; /* of a new one; it stays */
	const char *name;
	int64_t position;
	struct list units; /* of struct unit_id */
	date ends_on;
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
enum err court_sheets(
	struct tx *, int64_t venue_id, int64_t after, int64_t limit, struct list *) CHECKED;
enum err court_sheet_load(
	struct tx *, int64_t venue_id, int64_t id, struct court_sheet *) CHECKED;
enum err court_add(struct tx *, int64_t venue_id, const struct court_in *, int64_t *id,
	struct refusal *) CHECKED;
/* Other units are E_IN_USE while sold periods or blocks are ahead: what they
 * hold is written down by unit. An end is, while something is sold behind it. */
enum err court_save(struct tx *, int64_t venue_id, int64_t id, int64_t version,
	const struct court_in *, struct refusal *) CHECKED;
enum err court_remove(
	struct tx *, int64_t venue_id, int64_t id, int64_t version, struct refusal *) CHECKED;

/* A physical piece of floor. */
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
enum err unit_remove(
	struct tx *, int64_t venue_id, int64_t id, int64_t version, struct refusal *) CHECKED;

#endif
