#include "message/message.h"

#include "base/log.h"
#include "base/settings.h"

#include <stdio.h>
#include <string.h>

static const struct kind_row {
	const char *name;
	int64_t consumers;
	bool wakes, waits;
} kinds[] = {
#define X(name, consumers, wakes, waits) {name, consumers, wakes, waits},
	MESSAGE_KINDS(X)
#undef X
};

static const struct kind_row *kind_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* A second more than the life itself, so that no clock finds it too early. */
static int64_t wait_s(void)
{
	return settings.order_ttl_s + 1;
}

const char *message_key(const char *kind)
{
	static char key[64];
	const struct kind_row *k = kind_find(kind);

	if (!k || !k->waits)
		return kind;
	snprintf(key, sizeof(key), "%s.%lld", kind, (long long)wait_s());
	return key;
}

const struct mq_queue *message_queues(size_t *count)
{
	static char delay[64], key[64];
	/* clang-format off */
	static struct mq_queue queues[] = {
		{.name = QUEUE_FULFIL, .keys = {"order.paid"}},
		{.name = QUEUE_TELL, .keys = {"order.paid", "order.ended", "order.retaken",
			"refund.created", "refund.done"}},
		{.name = QUEUE_SHIP, .keys = {"order.used"}},
		{.name = QUEUE_EXPIRE, .keys = {"order.created"}, .of_due = true},
		{.name = delay, .keys = {key}, .due_key = "order.created"},
	};
	/* clang-format on */

	snprintf(delay, sizeof(delay), "zx.delay.%lld", (long long)wait_s());
	snprintf(key, sizeof(key), "%s", message_key("order.created"));
	queues[COUNT_OF(queues) - 1].wait_ms = wait_s() * 1000;
	*count = COUNT_OF(queues);
	return queues;
}

bool message_must_route(const char *kind)
{
	const struct kind_row *k = kind_find(kind);

	return !k || k->consumers > 0;
}

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

void message_add(
	struct tx *tx, int64_t id, const char *kind, int64_t subject_id, const char *body)
{
	const struct kind_row *k = kind_find(kind);

	if (!k) {
		log_error("message_kind", "%s is not in MESSAGE_KINDS", kind);
		tx->broken = true;
		return;
	}
	db_queue(tx, k->wakes ? &message_insert_and_wake : &message_insert, A(id), A(kind),
		A(subject_id), A(body));
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

struct gone {
	int64_t gone;
};
static const struct field gone_fields[] = {FIELD(struct gone, gone)};
static const struct shape gone_shape = SHAPE(struct gone, gone_fields);

/* What is dead and not replayed has nobody done with it, and so stays. */
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
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct gone g;

		TRY(db_one(tx, &message_delete_old, &gone_shape, &g, A(kinds[i].name),
			A(kinds[i].consumers), A(limit), A(MESSAGE_KEEP_DAYS)));
		*deleted += g.gone;
	}
	return E_OK;
}
