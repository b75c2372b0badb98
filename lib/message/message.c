#include "message/message.h"

#include "base/buf.h"

enum { BODY_MAX = 512 };

static const struct field message_fields[] = {
	FIELD(struct message, id),
	FIELD(struct message, kind),
	FIELD(struct message, subject_id),
	FIELD(struct message, body),
	FIELD(struct message, attempts),
};
const struct shape message_shape = SHAPE(struct message, message_fields);

SQL(message_insert,
	"INSERT INTO message (id, kind, subject_id, body) VALUES ($1, $2, $3, $4::jsonb)");
SQL(message_insert_and_wake,
	"WITH m AS (INSERT INTO message (id, kind, subject_id, body)"
	"  VALUES ($1, $2, $3, $4::jsonb) RETURNING 1)"
	" SELECT pg_notify('" MESSAGE_CHANNEL "', '') FROM m");

static void write_id(struct buf *b, const char *name, int64_t id)
{
	if (id)
		json_int(b, name, id);
}

static void write_ids(struct buf *b, const char *name, struct ints ids)
{
	if (ids.count == 0)
		return;
	json_open(b, name, '[');
	for (size_t i = 0; i < ids.count; i++)
		json_int(b, NULL, ids.at[i]);
	json_close(b, ']');
}

static const char *body_of(struct arena *mem, const struct message_about *about)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	write_id(&b, "order_id", about->order_id);
	write_id(&b, "venue_id", about->venue_id);
	write_id(&b, "refund_id", about->refund_id);
	write_id(&b, "ban_id", about->ban_id);
	write_ids(&b, "items", about->items);
	json_close(&b, '}');
	return buf_text(&b);
}

enum err message_tell(struct tx *tx, enum message_kind kind, const struct message_about *about)
{
	bool wakes = message_when(kind) == AT_ONCE;
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	db_queue(tx, wakes ? &message_insert_and_wake : &message_insert, A(id),
		A(message_word(kind)), A(about->order_id), A(body_of(tx->mem, about)));
	return E_OK;
}

/* Picked in a step of its own, or the planner might run LIMIT and SKIP LOCKED
 * more than once. The claim is counted before the try: a message that kills
 * the relay backs off like any other. */
SQL(message_take,
	"WITH picked AS MATERIALIZED ("
	"  SELECT id FROM message WHERE published_at IS NULL AND run_at <= now()"
	"  ORDER BY run_at, id LIMIT $1 FOR UPDATE SKIP LOCKED),"
	" taken AS (UPDATE message m"
	"  SET run_at = now() + make_interval(secs => $2::bigint), attempts = m.attempts + 1"
	"  FROM picked p WHERE m.id = p.id"
	"  RETURNING m.id, m.kind, m.subject_id, m.body, m.attempts, m.created_at)"
	" SELECT id, kind, subject_id, body::text AS body, attempts FROM taken"
	" ORDER BY created_at, id");

enum err message_claim(struct tx *tx, int limit, struct list *out)
{
	return db_all(tx, &message_take, &message_shape, out, A(limit), A(MESSAGE_LEASE_S));
}

SQL(message_mark_published,
	"UPDATE message m SET published_at = now(), last_error = NULL"
	" FROM unnest($1::bigint[], $2::bigint[]) AS c (id, attempts)"
	" WHERE m.id = c.id AND m.attempts = c.attempts");

void message_published(struct tx *tx, const struct message_refs *refs)
{
	db_queue(tx, &message_mark_published, A(refs->ids), A(refs->attempts));
}

SQL(message_mark_postponed,
	"UPDATE message m SET last_error = $3, run_at = now() +"
	"  make_interval(secs => least($4::bigint, 2 ^ least(m.attempts, 10)))"
	" FROM unnest($1::bigint[], $2::bigint[]) AS c (id, attempts)"
	" WHERE m.id = c.id AND m.attempts = c.attempts AND m.published_at IS NULL");

void message_postponed(
	struct tx *tx, const struct message_refs *refs, const char *reason, int64_t cap_s)
{
	db_queue(tx, &message_mark_postponed, A(refs->ids), A(refs->attempts), A(reason),
		A(cap_s));
}

/* A message that died for a consumer and was not replayed is not in message_done for that
 * consumer, and so stays. */
SQL(message_delete_old,
	"WITH old AS (DELETE FROM message WHERE id IN (SELECT m.id FROM message m"
	"  WHERE m.kind = $1 AND m.created_at < now() - make_interval(days => $4::int)"
	"  AND m.published_at < now() - make_interval(days => $4::int)"
	"  AND (SELECT count(*) FROM message_done d WHERE d.message_id = m.id) >= $2"
	"  LIMIT $3) RETURNING 1)"
	" SELECT count(*) AS gone FROM old");

enum err message_sweep(struct tx *tx, int limit, int64_t *deleted)
{
	*deleted = 0;
	for (enum message_kind k = 0; k < MESSAGE_KIND_COUNT; k++) {
		int64_t gone;

		TRY(db_value(tx, &message_delete_old, &gone, A(message_word(k)),
			A(message_hearers(k)), A(limit), A(MESSAGE_KEEP_DAYS)));
		*deleted += gone;
	}
	return E_OK;
}
