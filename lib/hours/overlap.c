#include "hours/overlap.h"

#include "base/buf.h"
#include "base/time.h"
#include "hours/check.h"
#include "venue/clock.h"
#include "venue/venue.h"

static const struct field hours_fields[] = {
	FIELD(struct date_hours, venue_id),
	FIELD(struct date_hours, day),
	FIELD(struct date_hours, weekday, .optional = true),
	FIELD(struct date_hours, opens),
	FIELD(struct date_hours, closes),
};
static const struct shape hours_shape = SHAPE(struct date_hours, hours_fields);

/* Without a date: around all dates that can have other hours than their weekday's. */
SQL(hours_around,
	"SELECT v.id AS venue_id, d.day, h.weekday, h.opens, h.closes FROM venue v"
	" CROSS JOIN LATERAL (SELECT DISTINCT s.day + n AS day FROM ("
	"  SELECT $2::date AS day"
	"  UNION SELECT x.day FROM opening_exception x"
	"   WHERE $2::date IS NULL AND x.venue_id = v.id AND x.day >= " VENUE_TODAY
	"    - 1"
	"  UNION SELECT c.day FROM calendar_day c"
	"   WHERE $2::date IS NULL AND c.as_weekday IS NOT NULL AND c.day >= " VENUE_TODAY
	"    - 1) s, generate_series(-1, 1) n) d"
	" CROSS JOIN LATERAL (" HOURS_IN_FORCE("v.id", "d.day")
	") h"
	" WHERE ($1::bigint IS NULL OR v.id = $1) AND v.closed_at IS NULL"
	" AND d.day >= " VENUE_TODAY
	" - 1 ORDER BY v.id, d.day, h.opens");

/* The line of the body that these hours come from. */
static bool find_line(const struct overlap_params *p, const struct date_hours *h, size_t *out)
{
	const struct hours_line *line = p->lines->at;

	if (p->day.days ? h->day.days != p->day.days : !h->weekday)
		return false;
	for (size_t i = 0; i < p->lines->count; i++) {
		int64_t opens;

		if (clock_parse(line[i].opens, &opens) && opens == h->opens &&
			line[i].weekday == h->weekday) {
			*out = i;
			return true;
		}
	}
	return false;
}

static enum err refuse(struct arena *mem, const struct overlap_params *p,
	const struct date_hours *first, struct refusal *why)
{
	const struct date_hours *next = first + 1;
	int64_t ends = first->closes - DAY_MINUTES;
	char day[DATE_TEXT], from[CLOCK_TEXT], to[CLOCK_TEXT];
	struct buf b = buf_in(mem, 256);
	size_t i;

	json_open(&b, NULL, '{');
	json_int(&b, "venue_id", next->venue_id);
	json_text(&b, "date", date_write(day, next->day));
	json_text(&b, "from", clock_write(from, next->opens));
	json_text(&b, "to", clock_write(to, ends < next->closes ? ends : next->closes));
	json_close(&b, '}');
	*why = (struct refusal){p->field, {buf_text(&b)}};
	if (p->lines && (find_line(p, next, &i) || find_line(p, first, &i)))
		why->field = arena_printf(mem, "hours[%zu]", i);
	return E_HOURS_OVERLAP;
}

enum err overlap_check(struct tx *tx, const struct overlap_params *p, struct refusal *why)
{
	struct list hours;

	TRY(db_all(tx, &hours_around, &hours_shape, &hours, A(arg_id_or_null(p->venue_id)),
		A(arg_date_or_null(p->day))));
	const struct date_hours *first = hours_find_overlap(&hours, p->day.days == 0);
	return first ? refuse(tx->mem, p, first, why) : E_OK;
}
