#include "message/consume.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { AGAIN_MAX_S = 60 };

static bool may_pass(enum err err)
{
	return err == E_RETRY || err == E_DB_DOWN || err == E_UNKNOWN;
}

struct taken {
	struct message m;
	bool fresh;
};
static const struct field taken_fields[] = {
	FIELD_AS(struct taken, m.id, "id"),
	FIELD_AS(struct taken, m.kind, "kind"),
	FIELD_AS(struct taken, m.subject_id, "subject_id"),
	FIELD_AS(struct taken, m.body, "body"),
	FIELD_AS(struct taken, m.attempts, "attempts"),
	FIELD(struct taken, fresh),
};
static const struct shape taken_shape = SHAPE(struct taken, taken_fields);

/* Run a function inside a transaction of its own. */
static enum err in_tx(
	struct handling *h, enum err (*fn)(struct tx *, struct handling *, void *), void *arg)
{
	struct tx tx;

	tx_begin(&tx, h->db, h->mem, TX_WRITE);
	return tx_end(&tx, fn(&tx, h, arg));
}

/* Two processes with the same message: the second waits here for the first. */
SQL(message_take_once,
	"WITH m AS (SELECT id, kind, subject_id, body::text AS body, attempts,"
	"   EXISTS (SELECT 1 FROM message_dead d WHERE d.message_id = $2 AND d.consumer = $1"
	"    AND d.replayed_at IS NULL) AS dead"
	"  FROM message WHERE id = $2),"
	" d AS (INSERT INTO message_done (consumer, message_id) SELECT $1, id FROM m WHERE NOT dead"
	"  ON CONFLICT DO NOTHING RETURNING message_id)"
	" SELECT m.id, m.kind, m.subject_id, m.body, m.attempts,"
	"  EXISTS (SELECT 1 FROM d) AS fresh FROM m");

static enum err act(struct tx *tx, struct handling *h, void *unused)
{
	struct taken t;

	(void)unused;
	h->known = false;
	TRY(db_one(tx, &message_take_once, &taken_shape, &t, A(h->consumer->name), A(h->id)));
	h->known = true;
	return t.fresh ? h->consumer->act(tx, &t.m) : E_OK;
}

/* A first delivery is known to be the first try. For any other, nobody knows how the tries
 * before it ended, so it is counted before it can crash. */
SQL(message_count_try,
	"INSERT INTO message_try AS t (consumer, message_id, tries)"
	" SELECT $1, id, 2 FROM message WHERE id = $2"
	" ON CONFLICT (message_id, consumer) DO UPDATE SET tries = t.tries + 1 RETURNING tries");

static enum err count_try(struct tx *tx, struct handling *h, void *tries)
{
	return db_value(
		tx, &message_count_try, (int64_t *)tries, A(h->consumer->name), A(h->id));
}

SQL(message_fail_try,
	"INSERT INTO message_try AS t (consumer, message_id, tries, last_error)"
	" SELECT $1, id, 1, $4 FROM message WHERE id = $2"
	" ON CONFLICT (message_id, consumer) DO UPDATE SET tries = t.tries + $3, last_error = $4"
	" RETURNING tries");
/* attempts is counted up, so that a relay which has published this message and not noted
 * that yet finds another number and leaves it: its note would lose the later try. */
SQL(message_again,
	"UPDATE message SET published_at = NULL, attempts = attempts + 1, last_error = $3,"
	" run_at = now() + make_interval(secs => least($4::bigint, 2 ^ $2::bigint))"
	" WHERE id = $1");
SQL(message_bury,
	"INSERT INTO message_dead (consumer, message_id, kind, body, reason, attempts)"
	" SELECT $1, m.id, m.kind, m.body::text, $3, $4 FROM message m WHERE m.id = $2"
	" AND NOT EXISTS (SELECT 1 FROM message_done d WHERE d.message_id = $2 AND d.consumer = $1)");
SQL(message_forget_tries, "DELETE FROM message_try WHERE consumer = $1 AND message_id = $2");

static void bury(struct tx *tx, const struct handling *h, const char *reason, int64_t tries)
{
	db_queue(tx, &message_bury, A(h->consumer->name), A(h->id), A(reason), A(tries));
	db_queue(tx, &message_forget_tries, A(h->consumer->name), A(h->id));
	log_error("message_dead", "%s gives up message %" PRId64 " after %" PRId64 " tries: %s",
		h->consumer->name, h->id, tries, reason);
}

static enum err fail_try(struct tx *tx, struct handling *h, void *reason)
{
	const char *why = reason;
	int64_t tries;

	TRY(db_value(tx, &message_fail_try, &tries, A(h->consumer->name), A(h->id),
		A(h->tries ? 0 : 1), A(why)));
	if (tries >= CONSUME_TRIES)
		bury(tx, h, why, tries);
	else
		db_queue(tx, &message_again, A(h->id), A(tries), A(why), A(AGAIN_MAX_S));
	return E_OK;
}

static enum err bury_crasher(struct tx *tx, struct handling *h, void *unused)
{
	(void)unused;
	bury(tx, h, "handed out and never finished", h->tries - 1);
	return E_OK;
}

enum err consume_failed(struct handling *h, const char *reason)
{
	char why[200];

	snprintf(why, sizeof(why), "%s", reason);
	return in_tx(h, fail_try, why);
}

enum err consume_one(struct handling *h)
{
	int64_t tries;

	if (h->again && h->tries == 0) {
		TRY(in_tx(h, count_try, &tries));
		h->tries = tries;
	}
	if (h->tries > CONSUME_TRIES)
		return in_tx(h, bury_crasher, NULL);
	enum err err = in_tx(h, act, NULL);
	if (err == E_OK || may_pass(err) || (err == E_NOT_FOUND && !h->known))
		return err;
	log_warn("message_failed", "%s: message %" PRId64 ": %s", h->consumer->name, h->id,
		err_info[err].code);
	return consume_failed(h, err_info[err].code);
}

SQL(message_replay,
	"WITH dead AS (UPDATE message_dead d SET replayed_at = now() FROM message m"
	"  WHERE m.id = d.message_id AND d.replayed_at IS NULL"
	"  AND ($1 = 0 OR d.message_id = $1) RETURNING m.id),"
	" back AS (UPDATE message SET published_at = NULL, attempts = attempts + 1,"
	"  run_at = now() WHERE id IN (SELECT id FROM dead) RETURNING 1)"
	" SELECT count(*) FROM back");
SQL(message_wake, "SELECT pg_notify('" MESSAGE_CHANNEL "', '')"); /* the relay */

enum err consume_replay(struct tx *tx, int64_t id, int64_t *count)
{
	db_ask_value(tx, &message_replay, count, E_NOT_FOUND, A(id));
	db_queue(tx, &message_wake);
	return db_sync(tx);
}
