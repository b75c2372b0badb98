#include "web/replay.h"

#include "web/enter.h"

#include <string.h>

struct stored {
	const char *digest, *answer;
	int64_t status, version;
};
static const struct field stored_fields[] = {
	FIELD(struct stored, digest),
	FIELD(struct stored, status),
	FIELD(struct stored, answer),
	FIELD(struct stored, version),
};
static const struct shape stored_shape = SHAPE(struct stored, stored_fields);

SQL(idempotency_known, "SELECT 1 FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(idempotency_load,
	"SELECT digest, status, answer, coalesce(version, 0) AS version FROM idempotency"
	" WHERE account_id = $1 AND key = $2");
SQL(idempotency_keep,
	"INSERT INTO idempotency (account_id, key, digest, status, answer, version)"
	" VALUES ($1, $2, $3, $4, $5, nullif($6, 0))");

void replay_check(struct req *r, struct tx *tx)
{
	if (r->key)
		db_queue_none(
			tx, &idempotency_known, E_REPLAY, A(r->caller.account_id), A(r->key));
}

void replay_store(struct req *r, struct tx *tx)
{
	if (r->key)
		db_queue(tx, &idempotency_keep, A(r->caller.account_id), A(r->key),
			A(r->digest), A(r->status), A(buf_text(&r->out)), A(r->version));
}

bool replay_possible(const struct req *r, enum err err)
{
	return r->key && (err == E_REPLAY || err == E_UNKNOWN || err_info[err].http == 409);
}

enum err replay(struct req *r, enum err err)
{
	struct stored s;
	struct tx tx;

	runner_begin(r, &tx, TX_READ);
	if (db_one(&tx, &idempotency_load, &stored_shape, &s, A(r->caller.account_id),
		    A(r->key)) != E_OK)
		return err == E_REPLAY ? E_RETRY : err;
	if (strcmp(s.digest, r->digest) != 0)
		return E_KEY_REUSED;
	buf_puts(reply_begin(r, (int)s.status), s.answer);
	r->version = s.version;
	r->replayed = true;
	return reply_end(r);
}
