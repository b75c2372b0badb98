#ifndef VENUE_VENUE_H
#define VENUE_VENUE_H

#include "db/db.h"

/* For statements with `venue v`: its date, whether it is there (a venue ends on
 * a date and is gone from then on), and on how many more days it can be booked. */
#define VENUE_TODAY "(now() AT TIME ZONE v.timezone)::date"
#define VENUE_LIVES "v.closed_at IS NULL AND (v.ends_on IS NULL OR v.ends_on > " VENUE_TODAY ")"
#define VENUE_WINDOW "least(v.window_days, v.ends_on - 1 - " VENUE_TODAY ")"

/* Opening hours in force at a venue on a date, both given as SQL: weekday (NULL: an
 * exception's), opens, closes. A dated exception replaces the weekday's hours; one
 * without hours closes. On a 调休 day those of another weekday are in force. */
#define HOURS_IN_FORCE(venue, day)                                                                \
	"SELECT NULL::bigint AS weekday, e.opens, e.closes FROM opening_exception_hours e"        \
	" WHERE e.venue_id = " venue " AND e.day = " day                                          \
	" UNION ALL SELECT w.weekday, w.opens, w.closes FROM opening w WHERE w.venue_id = " venue \
	" AND w.weekday = coalesce((SELECT c.as_weekday FROM calendar_day c WHERE c.day = " day   \
	"), extract(isodow FROM " day                                                             \
	")::bigint) AND NOT EXISTS (SELECT 1 FROM"                                                \
	" opening_exception x WHERE x.venue_id = " venue " AND x.day = " day ")"

enum { SPORT_CODE_MIN = 2, SPORT_CODE_MAX = 32 }; /* characters, a–z and _ */

/* What guests see of a venue. */
struct venue {
	int64_t id, window_days;
	bool phone_required; /* to book */
	const char *name, *address, *phone;
	raw_json sports; /* [{"code","name","slot_minutes","courts"}] */
};
extern const struct shape venue_shape;

struct venue_detail {
	int64_t id, window_days, checkin_early_minutes;
	int64_t longest_minutes; /* of one period */
	bool phone_required;
	const char *name, *address, *phone, *timezone;
	raw_json sports, hours; /* hours: [{"weekday","opens":"08:00","closes":"25:30"}] */
};
extern const struct shape venue_detail_shape;

/* By id, from behind `after`. */
enum err venue_list(struct tx *, int64_t after, int64_t limit, struct list *) CHECKED;
enum err venue_load(struct tx *, int64_t id, struct venue_detail *) CHECKED;

#endif
