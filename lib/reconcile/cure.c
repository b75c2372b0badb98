#include "reconcile/cure.h"

#include "base/log.h"
#include "order/ending.h"
#include "pay/refund.h"
#include "reconcile/day.h"

enum { PAGE = 100, SCRATCH = 65536 };

struct unpaid {
	int64_t attempt_id;
	const char *number;
};
static const struct field unpaid_fields[] = {
	FIELD(struct unpaid, attempt_id),
	FIELD(struct unpaid, number),
};
static const struct shape unpaid_shape = SHAPE(struct unpaid, unpaid_fields);

SQL(cure_unpaid,
	"SELECT d.attempt_id, d.number FROM reconcile_diff d"
	" JOIN payment_attempt a ON a.id = d.attempt_id AND a.transaction_id IS NULL"
	" WHERE d.channel = $1 AND d.day = $2 AND d.class = 'state' AND d.what = 'payment'"
	" AND d.cured_at IS NULL AND d.number > $3 ORDER BY d.number LIMIT $4");

/* The bill proves nothing about one payment that a query wouldn't prove better, and
 * its answer takes the way that every answer takes. */
static enum err query_one(struct db *db, struct arena *mem, const struct bill_source *from,
	const struct unpaid *u)
{
	bool open;
	enum err err = from->query(db, mem, u->attempt_id, &open);

	if (err == E_NOT_FOUND || err == E_CHANNEL_REFUSED) {
		log_error("reconcile", "%s is in the bill, and the query says %s", u->number,
			err_info[err].code);
		return E_OK;
	}
	return err;
}

static enum err query_page(struct db *db, struct arena *scratch, const struct bill_source *from,
	const struct list *page)
{
	const struct unpaid *u = page->at;

	for (size_t i = 0; i < page->count; i++) {
		TRY(query_one(db, scratch, from, &u[i]));
		arena_reset(scratch);
	}
	return E_OK;
}

static enum err query_all(struct db *db, struct arena *mem, struct arena *scratch,
	const struct bill_source *from, date day)
{
	const char *last = "";
	struct list page;

	do {
		struct tx tx;

		tx_begin(&tx, db, mem, TX_READ);
		TRY(db_all(&tx, &cure_unpaid, &unpaid_shape, &page, A(from->channel), A(day),
			A(last), A(PAGE)));
		TRY(query_page(db, scratch, from, &page));
		if (page.count > 0)
			last = ((const struct unpaid *)page.at)[page.count - 1].number;
	} while (page.count == PAGE);
	return E_OK;
}

/* A refund in work is polled by the daemon `settle`, now instead of later: what the bill says
 * otherwise, and whatever people wait for. */
SQL(cure_refunds,
	"WITH r AS (UPDATE refund SET run_at = now() FROM payment_attempt a"
	"  WHERE a.id = refund.attempt_id AND a.channel = $1 AND refund.run_at > now()"
	"  AND refund.state IN ('created', 'accepted') AND (refund.delayed_at IS NOT NULL"
	"   OR EXISTS (SELECT 1 FROM reconcile_diff d WHERE d.refund_id = refund.id"
	"    AND d.channel = $1 AND d.day = $2 AND d.what = 'refund' AND d.class = 'state'"
	"    AND d.cured_at IS NULL)) RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM r LIMIT 1");

struct found {
	int64_t attempt_id, order_id;
	const char *number;
	money fen;
};
static const struct field found_fields[] = {
	FIELD(struct found, attempt_id),
	FIELD(struct found, order_id),
	FIELD(struct found, number),
	FIELD(struct found, fen),
};
static const struct shape found_shape = SHAPE(struct found, found_fields);

/* Refunds of our payments that we don't know. */
SQL(refunds_found,
	"SELECT d.attempt_id, a.order_id, d.number, d.theirs_fen AS fen FROM reconcile_diff d"
	" JOIN payment_attempt a ON a.id = d.attempt_id AND a.state IN ('paid', 'surplus')"
	"  AND a.refunded_fen + d.theirs_fen <= a.amount_fen"
	" WHERE d.channel = $1 AND d.day = $2 AND d.class = 'only_theirs' AND d.what = 'refund'"
	" AND d.theirs <> 'FAIL' AND NOT EXISTS (SELECT 1 FROM refund r"
	"  WHERE r.out_refund_no = d.number) ORDER BY d.number");
SQL(order_hold, "SELECT id FROM orders WHERE id = $1 FOR NO KEY UPDATE");

/* What went back has gone back, whoever decided it; the entry in the work list stays, for
 * people to see what becomes of the courts. */
static enum err adopt_refunds(struct db *db, struct arena *mem, struct arena *scratch,
	const struct bill_source *from, date day)
{
	struct list list;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	TRY(db_all(&tx, &refunds_found, &found_shape, &list, A(from->channel), A(day)));
	const struct found *f = list.at;
	for (size_t i = 0; i < list.count; i++) {
		arena_reset(scratch);
		tx_begin(&tx, db, scratch, TX_WRITE);
		db_queue(&tx, &order_hold, A(f[i].order_id));
		enum err err = tx_end(&tx,
			refund_adopt(&tx, &(struct refund_found){.attempt_id = f[i].attempt_id,
						  .out_refund_no = f[i].number,
						  .amount = f[i].fen,
						  .day = day}));
		if (err != E_OK && err != E_REFUND_TOO_MUCH && err != E_ORDER_UNPAID)
			return err;
	}
	return E_OK;
}

struct surplus {
	int64_t attempt_id, order_id;
	money left;
};
static const struct field surplus_fields[] = {
	FIELD(struct surplus, attempt_id),
	FIELD(struct surplus, order_id),
	FIELD(struct surplus, left),
};
static const struct shape surplus_shape = SHAPE(struct surplus, surplus_fields);

#define SURPLUS_LEFT                                                                          \
	"SELECT a.id AS attempt_id, a.order_id, a.amount_fen - a.refunded_fen AS left"        \
	" FROM payment_attempt a WHERE a.state = 'surplus' AND a.refunded_fen < a.amount_fen" \
	" AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.attempt_id = a.id)"                  \
	" AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.key ="                            \
	"  'payment:' || a.channel || ':returned:' || a.transaction_id)"
SQL(surplus_of_day, SURPLUS_LEFT
	" AND a.channel = $1 AND a.paid_at >= $2 AND a.paid_at < $3 ORDER BY a.id");
SQL(surplus_still, SURPLUS_LEFT " AND a.id = $1");

static enum err give_back(struct tx *tx, const struct surplus *s)
{
	struct surplus now;
	int64_t id;

	db_queue(tx, &order_hold, A(s->order_id));
	enum err err = db_one(tx, &surplus_still, &surplus_shape, &now, A(s->attempt_id));
	if (err == E_OK)
		err = refund_add(tx,
			&(struct refund_new){.attempt_id = now.attempt_id,
				.amount = now.left,
				.cause = CAUSE_RECONCILE,
				.reason = "重复支付，自动退回"},
			&id);
	return tx_end(tx, err);
}

/* Money that the order doesn't need is sent back when it comes; this is for the case
 * that it was not. Of what somebody has begun to give back, people see to the rest. */
static enum err return_surplus(struct db *db, struct arena *mem, struct arena *scratch,
	const struct bill_source *from, date day, int64_t *refunds)
{
	struct list found;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	TRY(db_all(&tx, &surplus_of_day, &surplus_shape, &found, A(from->channel),
		A(china_midnight(day)), A(china_next_midnight(day))));
	const struct surplus *s = found.at;
	for (size_t i = 0; i < found.count; i++) {
		arena_reset(scratch);
		tx_begin(&tx, db, scratch, TX_WRITE);
		enum err err = give_back(&tx, &s[i]);
		if (err != E_OK && err != E_NOT_FOUND)
			return err;
		*refunds += err == E_OK;
	}
	return E_OK;
}

/* Both sides agree by now. Those of other days too: a refund that its day's bill
 * lacked may be in this one. */
SQL(cure_mark,
	"UPDATE reconcile_diff d SET cured_at = now() WHERE d.channel = $1 AND d.cured_at IS NULL"
	" AND CASE d.class || ' ' || d.what"
	"  WHEN 'state payment' THEN EXISTS (SELECT 1 FROM payment_attempt a"
	"   WHERE a.id = d.attempt_id AND a.transaction_id = d.theirs)"
	"  WHEN 'state refund' THEN EXISTS (SELECT 1 FROM refund r WHERE r.id = d.refund_id"
	"   AND (d.theirs, r.state) IN (('SUCCESS', 'succeeded'), ('PROCESSING', 'succeeded'),"
	"    ('PROCESSING', 'accepted'), ('FAIL', 'void')))"
	"  WHEN 'only_ours refund' THEN EXISTS (SELECT 1 FROM refund r WHERE r.id = d.refund_id"
	"   AND r.billed_on IS NOT NULL)"
	"  ELSE false END");
SQL(cure_work,
	"UPDATE work_item w SET done_at = now(), note = '系统复核两边已一致，自动办结'"
	" FROM reconcile_diff d WHERE d.channel = $1 AND d.cured_at = now() AND w.done_at IS NULL"
	" AND w.key = concat_ws(':', 'reconcile', d.channel, d.day, d.class, d.what, d.number)");
SQL(cure_end,
	"UPDATE reconcile_run r SET state = 'done', done_at = now(),"
	"  our_payments = p.count, our_payments_fen = p.fen,"
	"  our_refunds = b.count, our_refunds_fen = b.fen"
	" FROM (SELECT count(*) AS count, coalesce(sum(amount_fen), 0)::bigint AS fen"
	"  FROM payment_attempt WHERE channel = $1 AND paid_at >= $3 AND paid_at < $4) p,"
	" (SELECT count(*) AS count, coalesce(sum(f.amount_fen), 0)::bigint AS fen"
	"  FROM refund f JOIN payment_attempt a ON a.id = f.attempt_id WHERE a.channel = $1"
	"  AND f.state IN ('accepted', 'succeeded') AND " REFUND_DAY("f") " = $2) b"
	" WHERE r.channel = $1 AND r.day = $2 AND (r.state = 'matched' OR (r.our_payments,"
	"  r.our_payments_fen, r.our_refunds, r.our_refunds_fen) IS DISTINCT FROM"
	"  (p.count, p.fen, b.count, b.fen))");

static enum err close_run(struct db *db, struct arena *mem, const char *channel, date day)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &cure_refunds, A(channel), A(day));
	db_queue(&tx, &cure_mark, A(channel));
	db_queue(&tx, &cure_work, A(channel));
	db_queue(&tx, &cure_end, A(channel), A(day), A(china_midnight(day)),
		A(china_next_midnight(day)));
	return tx_end(&tx, E_OK);
}

enum err reconcile_cure(struct db *db, struct arena *mem, const struct bill_source *from,
	date day, int64_t *refunds)
{
	struct arena *scratch = arena_new(SCRATCH);
	enum err err = query_all(db, mem, scratch, from, day);

	if (err == E_OK)
		err = adopt_refunds(db, mem, scratch, from, day);
	if (err == E_OK)
		err = return_surplus(db, mem, scratch, from, day, refunds);
	arena_free(scratch);
	return err == E_OK ? close_run(db, mem, from->channel, day) : err;
}
