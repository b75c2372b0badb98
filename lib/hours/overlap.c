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

/* Without a date: around all dates on which the week's own order is not in force. */
SQL(nights,
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

/* Which line of the body these hours are. */
static bool find_line(const struct night_ask *ask, const struct date_hours *h, size_t *out)
{
	const struct hours_line *line = ask->lines->at;

	if (ask->day.days ? h->day.days != ask->day.days : !h->weekday)
		return false;
	for (size_t i = 0; i < ask->lines->count; i++) {
		int64_t opens;

		if (clock_parse(line[i].opens, &opens) && opens == h->opens &&
			line[i].weekday == h->weekday) {
			*out = i;
			return true;
		}
	}
	return false;
}

static enum err refuse(struct arena *mem, const struct night_ask *ask,
	const struct date_hours *night, struct refusal *why)
{
	const struct date_hours *next = night + 1;
	int64_t ends = night->closes - DAY_MINUTES;
	char day[DATE_TEXT], from[CLOCK_TEXT], to[CLOCK_TEXT];
	struct buf b = buf_in(mem, 256);
	size_t i;

	json_open(&b, NULL, '{');
	json_int(&b, "venue_id", next->venue_id);
	json_text(&b, "date", date_write(day, next->day));
	json_text(&b, "from", clock_write(from, next->opens));
	json_text(&b, "to", clock_write(to, ends < next->closes ? ends : next->closes));
	json_close(&b, '}');
	*why = (struct refusal){ask->field, {buf_text(&b)}};
	if (ask->lines && (find_line(ask, next, &i) || find_line(ask, night, &i)))
		why->field = arena_printf(mem, "hours[%zu]", i);
	return E_HOURS_OVERLAP;
}

enum err nights_apart(struct tx *tx, const struct night_ask *ask, struct refusal *why)
{
	struct list hours;

	TRY(db_all(tx, &nights, &hours_shape, &hours, A(arg_id_or_null(ask->venue_id)),
		A(arg_date_or_null(ask->day))));
	const struct date_hours *night = hours_collide(&hours, ask->day.days == 0);
	return night ? refuse(tx->mem, ask, night, why) : E_OK;
}
