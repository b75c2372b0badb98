#include "web/replay.h"

#include "web/enter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct stored {
	const char *digest, *answer;
	int64_t status;
};
static const struct field stored_fields[] = {
	FIELD(struct stored, digest),
	FIELD(struct stored, status),
	FIELD(struct stored, answer),
};
static const struct shape stored_shape = SHAPE(struct stored, stored_fields);

SQL(idempotency_known, "SELECT 1 FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(idempotency_load,
	"SELECT digest, status, answer FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(idempotency_keep,
	"INSERT INTO idempotency (account_id, key, digest, status, answer)"
	" VALUES ($1, $2, $3, $4, $5)");

void replay_check(struct req *r, struct tx *tx)
{
	if (r->key)
		db_queue_none(
			tx, &idempotency_known, E_REPLAY, A(r->caller.account_id), A(r->key));
}

/* An answer with a version is kept with that header in front. Without: it is JSON, or
 * nothing. */
#define ETAG "ETag: \""

static const char *answer_keep(struct req *r)
{
	const char *body = buf_text(&r->out);

	return r->version ? arena_printf(r->mem, ETAG "%" PRId64 "\"\n\n%s", r->version, body)
			  : body;
}

static const char *answer_read(struct req *r, const char *kept)
{
	bool versioned = strncmp(kept, ETAG, strlen(ETAG)) == 0;

	r->version = versioned ? strtoll(kept + strlen(ETAG), NULL, 10) : 0;
	return versioned ? strstr(kept, "\n\n") + 2 : kept;
}

void replay_store(struct req *r, struct tx *tx)
{
	if (r->key)
		db_queue(tx, &idempotency_keep, A(r->caller.account_id), A(r->key),
			A(r->digest), A(r->status), A(answer_keep(r)));
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
	buf_puts(reply_begin(r, (int)s.status), answer_read(r, s.answer));
	r->replayed = true;
	return reply_end(r);
}
