#include "hours/outside.h"

#include "venue/venue.h"

static const struct field outside_fields[] = {
	FIELD(struct outside, order_id),
	FIELD(struct outside, no),
	FIELD(struct outside, item_id),
	FIELD(struct outside, court_id),
	FIELD(struct outside, court_name),
	FIELD(struct outside, date),
	FIELD(struct outside, start),
	FIELD(struct outside, end),
};
const struct shape outside_shape = SHAPE(struct outside, outside_fields);

SQL(outside_hours,
	"SELECT o.id AS order_id, o.no, i.id AS item_id, i.court_id, c.name AS court_name,"
	" o.play_date AS date, lower(i.during) AS start, upper(i.during) AS \"end\""
	" FROM venue v JOIN orders o ON o.venue_id = v.id JOIN order_item i ON i.order_id = o.id"
	" JOIN court c ON c.id = i.court_id"
	" WHERE ($1::bigint IS NULL OR v.id = $1) AND o.play_date >= " VENUE_TODAY
	" - 1"
	" AND ($2::date IS NULL OR o.play_date = $2)"
	" AND i.state IN ('held', 'booked') AND upper(i.during) > now()"
	" AND NOT EXISTS (SELECT 1 FROM (" HOURS_IN_FORCE("v.id", "o.play_date")
	") h"
	"  WHERE (o.play_date + h.opens * interval '1 minute') AT TIME ZONE v.timezone"
	"    <= lower(i.during)"
	"  AND (o.play_date + h.closes * interval '1 minute') AT TIME ZONE v.timezone"
	"    >= upper(i.during))"
	" ORDER BY 7, 1, 3 LIMIT $3");

void outside_ask(struct tx *tx, int64_t venue_id, date day, struct list *out)
{
	db_ask_all(tx, &outside_hours, &outside_shape, out, A(arg_id_or_null(venue_id)),
		A(arg_date_or_null(day)), A(OUTSIDE_MAX));
}
