#include "tell/tell.h"

#include "account/in_force.h"
#include "tell/text.h"

static const struct field facts_fields[] = {
	FIELD(struct inbox_facts, order_id),
	FIELD(struct inbox_facts, account_id),
	FIELD(struct inbox_facts, state),
	FIELD(struct inbox_facts, venue),
	FIELD(struct inbox_facts, places),
	FIELD(struct inbox_facts, periods),
	FIELD(struct inbox_facts, sum),
	FIELD(struct inbox_facts, late_fen),
	FIELD(struct inbox_facts, cause, .optional = true),
	FIELD(struct inbox_facts, reason, .optional = true),
	FIELD(struct inbox_facts, until, .optional = true),
};
static const struct shape facts_shape = SHAPE(struct inbox_facts, facts_fields);

/* The first $2 of some periods of the order by name, in the venue's own time. */
#define PLACES(which)                                                                 \
	" JOIN venue v ON v.id = o.venue_id, LATERAL (SELECT count(*) AS periods,"    \
	"  string_agg(to_char(lower(i.during) AT TIME ZONE v.timezone,"               \
	"    'FMMM\"月\"FMDD\"日\" HH24:MI') || '–' ||"                           \
	"   to_char(upper(i.during) AT TIME ZONE v.timezone, 'HH24:MI ') || i.court," \
	"   '、' ORDER BY i.nth) FILTER (WHERE i.nth <= $2) AS places"               \
	"  FROM (SELECT x.during, c.name AS court, row_number() OVER"                 \
	"    (ORDER BY lower(x.during), c.position, x.id) AS nth FROM order_item x"   \
	"   JOIN court c ON c.id = x.court_id WHERE x.order_id = o.id AND (" which ")) i) p"

/* What the venue says of items that it has chosen to give back. */
#define OF_VENUE(which)                                                 \
	" (SELECT x.reason FROM outside_item x WHERE x.order_id = o.id" \
	"  AND x.choice = 'refund_all' AND " which " ORDER BY x.item_id LIMIT 1) AS reason,"
#define CANCELLED "(SELECT t::bigint FROM jsonb_array_elements_text($1::jsonb -> 'items') t)"
#define LATE_FEN                                                                       \
	" (SELECT coalesce(sum(a.amount_fen), 0)::bigint FROM payment_attempt a WHERE" \
	"  a.order_id = o.id AND a.state = 'surplus') AS late_fen,"

/* What is kept of a paid order, all of one that has ended. */
SQL(facts_of_order,
	"SELECT o.id AS order_id, o.account_id, o.state, v.name AS venue, p.places, p.periods,"
	" o.amount_fen AS sum," LATE_FEN
	" NULL::text AS cause," OF_VENUE("true") " NULL::text AS until FROM orders o" PLACES(
		"x.state <> 'released' OR o.state <> 'paid'") " WHERE o.id = $1");
SQL(facts_of_cancelled,
	"SELECT o.id AS order_id, o.account_id, o.state, v.name AS venue, p.places, p.periods,"
	" o.amount_fen AS sum, 0::bigint AS late_fen, NULL::text AS cause," OF_VENUE("x.item_id IN " CANCELLED) " NULL::text AS until FROM orders o" PLACES(
		"x.id IN " CANCELLED) " WHERE o.id = ($1::jsonb ->> 'order_id')::bigint");
/* What was given up with this refund, or with one that it took the place of; if nothing was,
 * the whole order. */
SQL(facts_of_refund,
	"WITH RECURSIVE given AS (SELECT id, replaces FROM refund"
	"   WHERE id = ($1::jsonb ->> 'refund_id')::bigint"
	"  UNION ALL SELECT b.id, b.replaces FROM refund b JOIN given g ON b.id = g.replaces),"
	" freed AS (SELECT i.id FROM order_item i WHERE i.refund_id IN (SELECT id FROM given))"
	" SELECT o.id AS order_id, o.account_id, r.state, v.name AS venue, p.places, p.periods,"
	" r.amount_fen AS sum, 0::bigint AS late_fen, r.cause, r.reason, NULL::text AS until"
	" FROM refund r JOIN orders o ON o.id = r.order_id" PLACES(
		"x.id IN (SELECT id FROM freed) OR NOT EXISTS (SELECT 1 FROM freed)") " WHERE r.id = ($1::jsonb ->> 'refund_id')::bigint");
SQL(facts_of_ban,
	"SELECT o.id AS order_id, b.account_id, CASE WHEN EXISTS (SELECT 1 FROM ban x"
	"   WHERE x.account_id = b.account_id AND " BAN_IN_FORCE("x") ")"
	"  THEN 'in_force' ELSE 'over' END AS state, v.name AS venue, '' AS places,"
	" 0::bigint AS periods, 0::bigint AS sum, 0::bigint AS late_fen, NULL::text AS cause,"
	" b.reason, to_char(b.until AT TIME ZONE v.timezone,"
	"  'YYYY\"年\"FMMM\"月\"FMDD\"日\" HH24:MI') AS until"
	" FROM ban b, orders o JOIN venue v ON v.id = o.venue_id"
	" WHERE b.id = ($1::jsonb ->> 'ban_id')::bigint"
	" AND o.id = ($1::jsonb ->> 'order_id')::bigint");
SQL(inbox_insert,
	"INSERT INTO inbox (id, account_id, message_id, kind, title, body, order_id)"
	" SELECT nextval('id_block') * 256, a.id, $2, $3, $4, $5, $6 FROM account a"
	" WHERE a.id = $1 AND a.left_at IS NULL FOR KEY SHARE"
	" ON CONFLICT (message_id) DO NOTHING");

static void ask_facts(struct tx *tx, const struct message *m, struct inbox_facts *out)
{
	switch (message_kind_of(m->kind)) {
	case MESSAGE_REFUND_CREATED:
	case MESSAGE_REFUND_DELAYED:
	case MESSAGE_REFUND_STUCK:
	case MESSAGE_REFUND_DONE:
		db_ask_one(tx, &facts_of_refund, &facts_shape, out, E_NOT_FOUND, A(m->body),
			A(PLACES_NAMED));
		break;
	case MESSAGE_ORDER_CANCELLED:
		db_ask_one(tx, &facts_of_cancelled, &facts_shape, out, E_NOT_FOUND, A(m->body),
			A(PLACES_NAMED));
		break;
	case MESSAGE_BAN_CREATED:
	case MESSAGE_BAN_ENDED:
		db_ask_one(tx, &facts_of_ban, &facts_shape, out, E_NOT_FOUND, A(m->body));
		break;
	default:
		db_ask_one(tx, &facts_of_order, &facts_shape, out, E_NOT_FOUND,
			A(m->subject_id), A(PLACES_NAMED));
	}
}

enum err tell_message(struct tx *tx, const struct message *m)
{
	const char *title, *text;
	struct inbox_facts facts;

	ask_facts(tx, m, &facts);
	TRY(db_sync(tx));
	if (inbox_text_write(tx->mem, m->kind, &facts, &title, &text))
		db_queue(tx, &inbox_insert, A(facts.account_id), A(m->id), A(m->kind), A(title),
			A(text), A(facts.order_id));
	return E_OK;
}
