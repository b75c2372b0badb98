#include "account/sweep.h"

SQL(answers_delete_old, "SELECT answers_sweep($1, $2) AS gone");
SQL(sessions_delete_old,
	"WITH old AS (DELETE FROM session WHERE id = ANY (ARRAY(SELECT id FROM session"
	"  WHERE expires_at < now() - make_interval(days => $1::int)"
	"  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)"
	" SELECT count(*) AS gone FROM old");

static enum err sweep(struct tx *tx, struct sql *sql, int64_t keep, int limit, int64_t *deleted)
{
	*deleted = 0;
	return db_value(tx, sql, deleted, A(keep), A(limit));
}

enum err answers_sweep(struct tx *tx, int limit, int64_t *deleted)
{
	return sweep(tx, &answers_delete_old, ANSWER_KEEP_HOURS, limit, deleted);
}

enum err sessions_sweep(struct tx *tx, int limit, int64_t *deleted)
{
	return sweep(tx, &sessions_delete_old, SESSION_KEEP_DAYS, limit, deleted);
}
