#include "account/sweep.h"

/* The function keeps answers for its own least number of hours, whatever it is given:
 * asking for none leaves that to be the one number. */
SQL(answers_delete_old, "SELECT answers_sweep(0, $1)");

enum err answers_sweep(struct tx *tx, int limit, int64_t *deleted)
{
	*deleted = 0;
	return db_value(tx, &answers_delete_old, deleted, A(limit));
}

SQL(sessions_delete_old,
	"WITH old AS (DELETE FROM session WHERE id = ANY (ARRAY(SELECT id FROM session"
	"  WHERE expires_at < now() - make_interval(days => $1::int)"
	"  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)"
	" SELECT count(*) FROM old");

enum err sessions_sweep(struct tx *tx, int limit, int64_t *deleted)
{
	*deleted = 0;
	return db_value(tx, &sessions_delete_old, deleted, A(SESSION_KEEP_DAYS), A(limit));
}
