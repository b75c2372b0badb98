#include "tell/tell.h"

#include <string.h>

static const struct field tidings_fields[] = {
	FIELD(struct tidings, order_id),
	FIELD(struct tidings, account_id),
	FIELD(struct tidings, state),
	FIELD(struct tidings, venue),
	FIELD(struct tidings, places),
	FIELD(struct tidings, periods),
	FIELD(struct tidings, sum),
	FIELD(struct tidings, cause, .optional = true),
	FIELD(struct tidings, reason, .optional = true),
};
static const struct shape tidings_shape = SHAPE(struct tidings, tidings_fields);

/* The first three periods by name, in the venue's own time. */
#define PLACES                                                                        \
	" JOIN venue v ON v.id = o.venue_id, LATERAL (SELECT count(*) AS periods,"    \
	"  string_agg(to_char(lower(i.during) AT TIME ZONE v.timezone,"               \
	"    'FMMM\"月\"FMDD\"日\" HH24:MI') || '–' ||"                           \
	"   to_char(upper(i.during) AT TIME ZONE v.timezone, 'HH24:MI ') || i.court," \
	"   '、' ORDER BY i.nth) FILTER (WHERE i.nth <= 3) AS places"                \
	"  FROM (SELECT x.during, c.name AS court, row_number() OVER"                 \
	"    (ORDER BY lower(x.during), c.position, x.id) AS nth FROM order_item x"   \
	"   JOIN court c ON c.id = x.court_id WHERE x.order_id = o.id) i) p"

SQL(tidings_of_order,
	"SELECT o.id AS order_id, o.account_id, o.state, v.name AS venue, p.places, p.periods,"
	" o.amount_fen AS sum, NULL::text AS cause, NULL::text AS reason"
	" FROM orders o" PLACES " WHERE o.id = $1");
SQL(tidings_of_refund,
	"SELECT o.id AS order_id, o.account_id, r.state, v.name AS venue, p.places, p.periods,"
	" r.amount_fen AS sum, r.cause, r.reason"
	" FROM refund r JOIN orders o ON o.id = r.order_id" PLACES
	" WHERE r.id = ($1::jsonb ->> 'refund_id')::bigint");
SQL(inbox_insert,
	"INSERT INTO inbox (id, account_id, message_id, kind, title, body, order_id)"
	" SELECT nextval('id_block') * 256, a.id, $2, $3, $4, $5, $6 FROM account a"
	" WHERE a.id = $1 AND a.left_at IS NULL FOR KEY SHARE"
	" ON CONFLICT (message_id) DO NOTHING");

enum err tell_message(struct tx *tx, const struct message *m)
{
	const char *title, *text;
	struct tidings t;

	if (strncmp(m->kind, "refund.", 7) == 0)
		db_ask_one(tx, &tidings_of_refund, &tidings_shape, &t, E_NOT_FOUND, A(m->body));
	else
		db_ask_one(tx, &tidings_of_order, &tidings_shape, &t, E_NOT_FOUND,
			A(m->subject_id));
	TRY(db_sync(tx));
	if (tidings_write(tx->mem, m->kind, &t, &title, &text))
		db_queue(tx, &inbox_insert, A(t.account_id), A(m->id), A(m->kind), A(title),
			A(text), A(t.order_id));
	return E_OK;
}

static const struct field inbox_entry_fields[] = {
	FIELD(struct inbox_entry, id),
	FIELD(struct inbox_entry, kind),
	FIELD(struct inbox_entry, title),
	FIELD(struct inbox_entry, body),
	FIELD(struct inbox_entry, order_id),
	FIELD(struct inbox_entry, created_at),
	FIELD(struct inbox_entry, read_at, .optional = true),
};
const struct shape inbox_entry_shape = SHAPE(struct inbox_entry, inbox_entry_fields);

SQL(inbox_of_account,
	"SELECT id, kind, title, body, order_id, created_at, read_at FROM inbox"
	" WHERE account_id = $1 AND ($2 = 0 OR id < $2) ORDER BY id DESC LIMIT $3");

void inbox_ask(
	struct tx *tx, int64_t account_id, int64_t before, int64_t limit, struct list *out)
{
	db_ask_all(tx, &inbox_of_account, &inbox_entry_shape, out, A(account_id), A(before),
		A(limit));
}

static const struct field unread_fields[] = {FIELD(struct unread, count)};
static const struct shape unread_shape = SHAPE(struct unread, unread_fields);

SQL(inbox_unread,
	"SELECT count(*) AS count FROM inbox WHERE account_id = $1 AND read_at IS NULL");

void unread_ask(struct tx *tx, int64_t account_id, struct unread *out)
{
	db_ask_one(tx, &inbox_unread, &unread_shape, out, E_NOT_FOUND, A(account_id));
}

SQL(inbox_mark_read,
	"UPDATE inbox SET read_at = now()"
	" WHERE account_id = $1 AND id <= $2 AND read_at IS NULL");

void inbox_read(struct tx *tx, int64_t account_id, int64_t up_to)
{
	db_queue(tx, &inbox_mark_read, A(account_id), A(up_to));
}
