#include "reconcile/reconcile.h"

#include "base/log.h"
#include "reconcile/cure.h"
#include "reconcile/day.h"
#include "reconcile/match.h"

/* One process at a time: the lock is the session's, so it goes with whoever holds
 * it. Should the connection be lost in between, another may begin: then the lines
 * are missed, and nothing is stored. */
#define LOCK_KEY "(hashtextextended('reconcile', 0))"
SQL(reconcile_lock, "SELECT pg_try_advisory_lock" LOCK_KEY " AS taken");
SQL(reconcile_unlock, "SELECT pg_advisory_unlock" LOCK_KEY);

/* Deletes the lines of readings that were not finished. */
SQL(run_clear, "TRUNCATE reconcile_line");
SQL(run_begin,
	"INSERT INTO reconcile_run (channel, day) VALUES ($1, $2) ON CONFLICT (channel, day)"
	" DO UPDATE SET tries = reconcile_run.tries + 1, run_at = now()"
	" WHERE reconcile_run.state <> 'done'");
/* A little less than the half hour after which WeChat Pay wants to be asked again. */
SQL(run_failed,
	"UPDATE reconcile_run SET run_at = now() + interval '25 minutes',"
	"  trouble = CASE WHEN state <> 'done' THEN $3 END WHERE channel = $1 AND day = $2");

static enum err lock(struct db *db, struct arena *mem)
{
	bool taken;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_NONE);
	TRY(db_value(&tx, &reconcile_lock, &taken));
	return taken ? E_OK : E_BUSY;
}

static void unlock(struct db *db, struct arena *mem)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_NONE);
	if (db_run(&tx, &reconcile_unlock) != E_OK)
		db_drop(db);
}

static enum err run_begins(struct db *db, struct arena *mem, const char *channel, date day)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &run_clear);
	db_queue(&tx, &run_begin, A(channel), A(day));
	return tx_end(&tx, E_OK);
}

static void run_fails(
	struct db *db, struct arena *mem, const char *channel, date day, enum err why)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &run_failed, A(channel), A(day), A(err_info[why].code));
	if (tx_end(&tx, E_OK) != E_OK)
		log_warn("reconcile", "and that could not be written down");
}

struct diffs {
	int64_t only_ours, only_theirs, amount, state, open;
};
static const struct field diffs_fields[] = {
	FIELD(struct diffs, only_ours),
	FIELD(struct diffs, only_theirs),
	FIELD(struct diffs, amount),
	FIELD(struct diffs, state),
	FIELD(struct diffs, open),
};
static const struct shape diffs_shape = SHAPE(struct diffs, diffs_fields);
SQL(run_diffs,
	"SELECT count(*) FILTER (WHERE class = 'only_ours') AS only_ours,"
	" count(*) FILTER (WHERE class = 'only_theirs') AS only_theirs,"
	" count(*) FILTER (WHERE class = 'amount') AS amount,"
	" count(*) FILTER (WHERE class = 'state') AS state,"
	" count(*) FILTER (WHERE cured_at IS NULL) AS open"
	" FROM reconcile_diff WHERE channel = $1 AND day = $2");

static enum err tell(struct db *db, struct arena *mem, const char *channel, date day,
	struct reconcile_result *out)
{
	struct diffs d;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	TRY(db_one(&tx, &run_diffs, &diffs_shape, &d, A(channel), A(day)));
	out->only_ours = d.only_ours;
	out->only_theirs = d.only_theirs;
	out->amount = d.amount;
	out->state = d.state;
	out->open = d.open;
	return E_OK;
}

static enum err work(struct db *db, struct arena *mem, const struct bill_source *from, date day,
	struct reconcile_result *out)
{
	struct reconcile_load load;
	struct tx tx;

	TRY(run_begins(db, mem, from->channel, day));
	TRY(reconcile_load(db, mem, from, day, &load));
	out->sums = load.sums;
	tx_begin(&tx, db, mem, TX_WRITE);
	reconcile_match(&tx, from->channel, day, &load);
	TRY(tx_end(&tx, E_OK));
	TRY(reconcile_cure(db, mem, from, day, &out->returned));
	return tell(db, mem, from->channel, day, out);
}

enum err reconcile_day(struct db *db, struct arena *mem, const struct bill_source *from,
	date day, struct reconcile_result *out)
{
	*out = (struct reconcile_result){0};
	TRY(lock(db, mem));
	enum err err = work(db, mem, from, day, out);
	if (err != E_OK)
		run_fails(db, mem, from->channel, day, err);
	unlock(db, mem);
	return err;
}

static const struct field due_fields[] = {
	FIELD(struct reconcile_due, day),
	FIELD(struct reconcile_due, is_due),
};
static const struct shape due_shape = SHAPE(struct reconcile_due, due_fields);
SQL(run_due,
	"WITH again AS (SELECT $2::date - $4::int + 1 AS day), paid AS ("
	"  SELECT (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS n,"
	"   sum(amount_fen) AS fen FROM payment_attempt, again WHERE channel = $1"
	"   AND paid_at >= again.day::timestamp AT TIME ZONE 'Asia/Shanghai' GROUP BY 1),"
	" back AS (SELECT " REFUND_DAY("r") " AS day, count(*) AS n, sum(r.amount_fen) AS fen"
	"  FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id, again"
	"  WHERE a.channel = $1 AND r.state IN ('accepted', 'succeeded')"
	"  AND " REFUND_DAY("r") " >= again.day GROUP BY 1),"
	" changed AS (SELECT r.day FROM reconcile_run r JOIN again ON r.day >= again.day"
	"  LEFT JOIN paid ON paid.day = r.day LEFT JOIN back ON back.day = r.day"
	"  WHERE r.channel = $1 AND r.state = 'done' AND (r.our_payments, r.our_payments_fen,"
	"   r.our_refunds, r.our_refunds_fen) IS DISTINCT FROM (coalesce(paid.n, 0),"
	"   coalesce(paid.fen, 0)::bigint, coalesce(back.n, 0), coalesce(back.fen, 0)::bigint)),"
	" first AS (SELECT least($2, (SELECT min(day) FROM reconcile_run WHERE channel = $1),"
	"  (SELECT (min(paid_at) AT TIME ZONE 'Asia/Shanghai')::date FROM payment_attempt"
	"   WHERE channel = $1)) AS day)"
	" SELECT d.day::date AS day, r.state IS NULL OR r.run_at <= now() AS is_due"
	" FROM first, generate_series(greatest(first.day, $2 - $3::int), $2, '1 day') d(day)"
	" LEFT JOIN reconcile_run r ON r.channel = $1 AND r.day = d.day::date"
	" WHERE r.state IS DISTINCT FROM 'done' OR d.day::date IN (SELECT day FROM changed)"
	" ORDER BY 1");

enum err reconcile_due(
	struct db *db, struct arena *mem, const char *channel, date last, struct list *out)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	return db_all(&tx, &run_due, &due_shape, out, A(channel), A(last),
		A(RECONCILE_DAYS - 1), A(RECONCILE_AGAIN_DAYS));
}
