#include "setup/sold.h"

/* `all` is what is counted, `orders` the same with the orders as o. */
#define COUNT_AND_NAMES(orders, all) \
	" SELECT t.total > 0 AS used,"                                             \
	" jsonb_build_object('total', t.total, 'orders', " ORDERS_NAMED(orders) ")" \
	" AS detail FROM (SELECT count(*) AS total FROM " all ") t"
/* Only orders of the last days can be unfinished. A period may run on into the next date,
 * whose hours end at 30:00 at the latest (constraint opening_minutes), and that is in no time
 * zone later than 66 hours after the play date begins in UTC. One day more, because
 * current_date is the connection's. */
SQL(sold_from,
	"WITH hit AS MATERIALIZED (SELECT DISTINCT o.id, o.no, o.play_date"
	"  FROM orders o JOIN order_item i ON i.order_id = o.id"
	"  WHERE o.venue_id = $1 AND ($2::bigint IS NULL OR i.court_id = $2)"
	"  AND o.play_date >="
	"   CASE WHEN $4 THEN greatest($3::date - 1, current_date - 3) ELSE $3::date - 1 END"
	"  AND ($3 IS NULL OR coalesce(i.last_date, o.play_date) >= $3)"
	"  AND (NOT $4 OR upper(i.during) > now())"
	"  AND i.state IN ('held', 'booked', 'used')"
	"  AND NOT ($5 AND EXISTS (SELECT 1 FROM outside_item x"
	"   WHERE x.item_id = i.id AND x.choice IS NOT NULL)))" COUNT_AND_NAMES(
		"hit o", "hit"));
/* Whatever was ever sold, found by the index of the venue or the court. */
#define OF_VENUE "orders o WHERE o.venue_id = $1"
SQL(sold_of_venue, COUNT_AND_NAMES(OF_VENUE, OF_VENUE));
SQL(sold_of_court,
	"WITH hit AS MATERIALIZED (SELECT DISTINCT i.order_id FROM order_item i"
	"  WHERE i.court_id = $2 AND i.venue_id = $1)" COUNT_AND_NAMES(
		"hit h JOIN orders o ON o.id = h.order_id", "hit"));

static enum err sold_load(
	struct tx *tx, int64_t venue_id, const struct sold_params *p, struct dependants *out)
{
	if (p->unfinished || p->from.days != 0)
		return db_one(tx, &sold_from, &dependants_shape, out, A(venue_id),
			A(arg_id_or_null(p->court_id)), A(arg_date_or_null(p->from)),
			A(p->unfinished), A(p->undecided));
	if (p->court_id)
		return db_one(tx, &sold_of_court, &dependants_shape, out, A(venue_id),
			A(p->court_id));
	return db_one(tx, &sold_of_venue, &dependants_shape, out, A(venue_id));
}

enum err sold_check(struct tx *tx, int64_t venue_id, const struct sold_params *p,
	const char *field, struct refusal *why)
{
	struct dependants sold;

	TRY(sold_load(tx, venue_id, p, &sold));
	return dependants_check(&sold, field, why);
}

SQL(blocked_ahead,
	"SELECT EXISTS (SELECT 1 FROM court_block WHERE venue_id = $1"
	" AND ($2::bigint IS NULL OR court_id = $2) AND upper(during) > now())");

enum err ahead_check(struct tx *tx, int64_t venue_id, int64_t court_id, const char *field,
	struct refusal *why)
{
	bool blocked;

	TRY(sold_check(tx, venue_id,
		&(struct sold_params){.court_id = court_id, .unfinished = true}, field, why));
	TRY(db_value(tx, &blocked_ahead, &blocked, A(venue_id), A(arg_id_or_null(court_id))));
	if (!blocked)
		return E_OK;
	why->field = field;
	return E_IN_USE;
}
