#include "reconcile/match.h"

#include "base/time.h"
#include "pay/refund.h"
#include "reconcile/day.h"
#include "work/work.h"

/* The comparison, in SQL: each statement adds the differences that aren't there
 * yet. Both sides of a day may be a million rows, and nobody has counted the lines
 * for the planner; a FULL JOIN can't become a loop in a loop, and what is left
 * after it is looked up one by one. */

/* Sorting in memory, for this transaction. */
SQL(match_memory, "SELECT set_config('work_mem', '64MB', true)");

/* Whoever lost the session's lock with its connection may have lost these too. */
SQL(match_all_there,
	"SELECT 1 FROM (SELECT count(*) AS n FROM reconcile_line WHERE load = $1) c"
	" WHERE c.n = $2");

/* $1 channel, $2 day, $3 load, $4 and $5 the day's ends */
SQL(match_payments,
	"WITH theirs AS (SELECT our_no, min(their_no) AS their_no, sum(fen)::bigint AS fen,"
	"  min(number) AS line FROM reconcile_line WHERE load = $3 AND kind = 'payment'"
	"  GROUP BY our_no),"
	" ours AS (SELECT out_trade_no, transaction_id, amount_fen FROM payment_attempt"
	"  WHERE channel = $1 AND paid_at >= $4 AND paid_at < $5),"
	" odd AS MATERIALIZED (SELECT coalesce(t.our_no, o.out_trade_no) AS number, t.their_no,"
	"  t.fen, t.line FROM theirs t FULL JOIN ours o ON o.out_trade_no = t.our_no"
	"  WHERE o.out_trade_no IS NULL OR t.our_no IS NULL OR o.amount_fen <> t.fen"
	"  OR o.transaction_id <> t.their_no),"
	" judged AS (SELECT odd.*, a.*, CASE WHEN odd.line IS NULL THEN 'only_ours'"
	"  WHEN a.attempt_id IS NULL THEN 'only_theirs' WHEN a.amount_fen <> odd.fen THEN 'amount'"
	"  WHEN a.transaction_id IS DISTINCT FROM odd.their_no THEN 'state' END AS class"
	"  FROM odd LEFT JOIN LATERAL (SELECT p.id AS attempt_id, p.state, p.amount_fen,"
	"   p.transaction_id FROM payment_attempt p WHERE p.channel = $1"
	"   AND p.out_trade_no = odd.number LIMIT 1) a ON true)"
	" INSERT INTO reconcile_diff (channel, day, class, what, number, line, ours, theirs,"
	"  ours_fen, theirs_fen, attempt_id)"
	" SELECT $1, $2, class, 'payment', number, line, concat_ws(' ', state, transaction_id),"
	"  their_no, amount_fen, fen, attempt_id FROM judged WHERE class IS NOT NULL"
	" ON CONFLICT DO NOTHING");

/* A payment that the channel took back, and we keep. */
SQL(match_revoked,
	"INSERT INTO reconcile_diff (channel, day, class, what, number, line, ours, theirs,"
	"  ours_fen, theirs_fen, attempt_id)"
	" SELECT $1, $2, 'state', 'payment', l.our_no, l.number, a.state, l.word, a.amount_fen,"
	"  l.fen, a.id FROM reconcile_line l JOIN payment_attempt a ON a.out_trade_no = l.our_no"
	"  AND a.channel = $1 AND a.state IN ('paid', 'surplus')"
	" WHERE l.load = $3 AND l.kind = 'revoked' ON CONFLICT DO NOTHING");

SQL(match_billed,
	"UPDATE refund r SET billed_on = $2 FROM reconcile_line l, payment_attempt a"
	" WHERE l.load = $3 AND l.kind = 'refund' AND r.out_refund_no = l.our_no"
	" AND a.id = r.attempt_id AND a.channel = $1 AND r.billed_on IS NULL");

/* theirs is the word of that night: only SUCCESS and FAIL are final. A refund that we don't
 * know has its payment's number. */
SQL(match_refunds,
	"WITH theirs AS (SELECT our_no, min(trade_no) AS trade_no, min(word) AS word,"
	"  sum(fen)::bigint AS fen, min(number) AS line FROM reconcile_line"
	"  WHERE load = $3 AND kind = 'refund' GROUP BY our_no),"
	" judged AS (SELECT t.*, r.*, CASE WHEN r.refund_id IS NULL THEN 'only_theirs'"
	"  WHEN r.amount_fen <> t.fen THEN 'amount'"
	"  WHEN t.trade_no <> r.out_trade_no OR r.state = 'created'"
	"   OR (t.word = 'SUCCESS' AND r.state <> 'succeeded')"
	"   OR (t.word = 'FAIL' AND r.state = 'succeeded') THEN 'state' END AS class"
	"  FROM theirs t LEFT JOIN LATERAL (SELECT f.id AS refund_id, f.state, f.amount_fen,"
	"   f.attempt_id, a.out_trade_no FROM refund f JOIN payment_attempt a"
	"   ON a.id = f.attempt_id AND a.channel = $1"
	"   WHERE f.out_refund_no = t.our_no LIMIT 1) r ON true)"
	" INSERT INTO reconcile_diff (channel, day, class, what, number, line, ours, theirs,"
	"  ours_fen, theirs_fen, attempt_id, refund_id)"
	" SELECT $1, $2, class, 'refund', our_no, line, state, concat_ws(' ', word,"
	"  CASE WHEN trade_no <> out_trade_no THEN trade_no END), amount_fen, fen,"
	"  coalesce(attempt_id, (SELECT p.id FROM payment_attempt p WHERE p.channel = $1"
	"   AND p.out_trade_no = judged.trade_no LIMIT 1)), refund_id"
	" FROM judged WHERE class IS NOT NULL ON CONFLICT DO NOTHING");

/* $3 and $4: from midnight to midnight, both ten minutes earlier. */
SQL(match_missed_refunds,
	"INSERT INTO reconcile_diff (channel, day, class, what, number, ours, ours_fen,"
	"  attempt_id, refund_id)"
	" SELECT $1, $2, 'only_ours', 'refund', r.out_refund_no, r.state, r.amount_fen,"
	"  r.attempt_id, r.id FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id"
	" WHERE a.channel = $1 AND r.billed_on IS NULL AND r.sent_at >= $3 AND r.sent_at < $4"
	" AND r.state IN ('accepted', 'succeeded') ON CONFLICT DO NOTHING");

/* What came of a payment whose coupon the channel doesn't settle. */
SQL(match_settled,
	"UPDATE payment_attempt a SET settled_fen = l.fen FROM reconcile_line l"
	" WHERE l.load = $2 AND l.kind = 'settled_payment' AND a.channel = $1"
	" AND a.out_trade_no = l.our_no AND a.transaction_id = l.their_no"
	" AND a.settled_fen IS DISTINCT FROM l.fen AND l.fen BETWEEN 0 AND a.amount_fen");

/* The channel's two bills with each other, by what it settles; $4 and $5: the day without its first and
 * its last ten minutes. A refund that failed may never have left the account. */
SQL(match_flows,
	"WITH trade AS (SELECT CASE WHEN kind IN ('payment', 'settled_payment')"
	"   THEN 'flow_payment' ELSE 'flow_refund' END AS what, their_no,"
	"  min(our_no) AS our_no, coalesce(sum(fen) FILTER (WHERE kind IN ('settled_payment',"
	"   'settled_refund')),"
	"   sum(fen))::bigint AS fen, min(number) AS line, max(at) AS at,"
	"  bool_or(kind = 'refund' AND word IS NOT DISTINCT FROM 'FAIL') AS failed"
	"  FROM reconcile_line WHERE load = $3"
	"  AND kind IN ('payment', 'refund', 'settled_payment', 'settled_refund')"
	"  GROUP BY 1, 2),"
	" flow AS (SELECT kind AS what, their_no, min(our_no) AS our_no, sum(fen)::bigint AS fen,"
	"  min(number) AS line, min(at) AS at FROM reconcile_line"
	"  WHERE load = $3 AND kind IN ('flow_payment', 'flow_refund') GROUP BY 1, 2),"
	" judged AS (SELECT coalesce(t.what, f.what) AS what,"
	"  coalesce(t.our_no, f.our_no, f.their_no) AS number, coalesce(f.line, t.line) AS line,"
	"  coalesce(t.their_no, f.their_no) AS their_no, t.fen AS ours_fen, f.fen AS theirs_fen,"
	"  CASE WHEN f.what IS NULL AND t.at < $5 AND NOT t.failed THEN 'only_ours'"
	"   WHEN t.what IS NULL AND f.at >= $4 THEN 'only_theirs'"
	"   WHEN t.fen <> f.fen THEN 'amount' END AS class"
	"  FROM trade t FULL JOIN flow f ON f.their_no = t.their_no AND f.what = t.what)"
	" INSERT INTO reconcile_diff (channel, day, class, what, number, line, theirs, ours_fen,"
	"  theirs_fen, attempt_id, refund_id)"
	" SELECT $1, $2, j.class, j.what, j.number, j.line, j.their_no, j.ours_fen, j.theirs_fen,"
	"  coalesce(r.attempt_id, a.id), r.id FROM judged j"
	" LEFT JOIN LATERAL (SELECT p.id FROM payment_attempt p WHERE p.channel = $1"
	"  AND p.transaction_id = j.their_no AND j.what = 'flow_payment' LIMIT 1) a ON true"
	" LEFT JOIN LATERAL (SELECT f.id, f.attempt_id FROM refund f"
	"  WHERE f.out_refund_no = j.number AND j.what = 'flow_refund' LIMIT 1) r ON true"
	" WHERE j.class IS NOT NULL ON CONFLICT DO NOTHING");

/* Business, and no fund flow at all: one difference instead of one a line. */
SQL(match_no_flow,
	"INSERT INTO reconcile_diff (channel, day, class, what, number, ours_fen, theirs_fen)"
	" VALUES ($1, $2, 'only_ours', 'flow_payment', 'bill', $3, 0) ON CONFLICT DO NOTHING");

/* An attempt that isn't there (any more) is told by its number, which begins with the order's.
 * A refund that was settled otherwise, and that the bill shows as paid, is of the kind
 * that notices and queries make of it, under the same key. */
SQL(match_work,
	"INSERT INTO work_item (id, key, kind, venue_id, order_id, refund_id, detail)"
	" SELECT nextval('id_block') * 256, k.key, CASE WHEN r.id IS NULL THEN $3 ELSE $4 END,"
	"  o.venue_id, o.id, d.refund_id,"
	"  jsonb_strip_nulls(jsonb_build_object('channel', d.channel, 'day', d.day, 'class', d.class,"
	"   'what', d.what, 'number', d.number, 'line', d.line, 'ours', d.ours,"
	"   'theirs', d.theirs, 'ours_fen', d.ours_fen, 'theirs_fen', d.theirs_fen))"
	" FROM reconcile_diff d LEFT JOIN refund r ON r.id = d.refund_id"
	"  AND d.class = 'state' AND d.what = 'refund' AND d.theirs = 'SUCCESS'"
	"  AND " REFUND_SETTLED_OTHERWISE("r")
	" CROSS JOIN LATERAL (SELECT coalesce(" REFUNDED_TWICE_KEY("r") ","
	"  concat_ws(':', 'reconcile', d.channel, d.day, d.class, d.what, d.number)) AS key) k"
	" LEFT JOIN payment_attempt a ON a.id = d.attempt_id"
	" LEFT JOIN orders o ON o.id = coalesce(a.order_id, (SELECT n.id FROM orders n"
	"  WHERE n.no = substring(d.number FROM '^([0-9]+)A[0-9]+(?:R[0-9]+)?$')))"
	" WHERE d.channel = $1 AND d.day = $2"
	" AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.key = k.key) ON CONFLICT DO NOTHING");

/* A run that was done stays so if nothing in it has changed. */
SQL(match_end,
	"UPDATE reconcile_run r SET state = 'matched', done_at = NULL, trouble = NULL,"
	"  trade_hash = n.trade_hash, flow_hash = n.flow_hash,"
	"  payments = n.payments, payments_fen = n.payments_fen, refunds = n.refunds,"
	"  refunds_fen = n.refunds_fen, flows = n.flows, flow_in_fen = n.flow_in_fen,"
	"  flow_back_fen = n.flow_back_fen, flow_fee_fen = n.flow_fee_fen,"
	"  flow_other_fen = n.flow_other_fen"
	" FROM (SELECT $3::text AS trade_hash, $4::text AS flow_hash, $5::bigint AS payments,"
	"  $6::bigint AS payments_fen, $7::bigint AS refunds, $8::bigint AS refunds_fen,"
	"  $9::bigint AS flows, $10::bigint AS flow_in_fen, $11::bigint AS flow_back_fen,"
	"  $12::bigint AS flow_fee_fen, $13::bigint AS flow_other_fen) n"
	" WHERE r.channel = $1 AND r.day = $2 AND (r.state <> 'done' OR (r.trade_hash,"
	"  r.flow_hash, r.payments, r.payments_fen, r.refunds, r.refunds_fen, r.flows,"
	"  r.flow_in_fen, r.flow_back_fen, r.flow_fee_fen, r.flow_other_fen) IS DISTINCT FROM"
	"  (n.trade_hash, n.flow_hash, n.payments, n.payments_fen, n.refunds, n.refunds_fen,"
	"  n.flows, n.flow_in_fen, n.flow_back_fen, n.flow_fee_fen, n.flow_other_fen)"
	"  OR EXISTS (SELECT 1 FROM reconcile_diff d WHERE d.channel = $1 AND d.day = $2"
	"   AND d.found_at = now()))");
SQL(match_clear, "TRUNCATE reconcile_line");

static const int64_t EDGE_US = 10 * MINUTE;

static void queue_end(
	struct tx *tx, const char *channel, date day, const struct reconcile_load *l)
{
	const struct reconcile_sums *s = &l->sums;

	db_queue(tx, &match_end, A(channel), A(day), A(l->trade_hash), A(l->flow_hash),
		A(s->payments), A(s->payments_fen), A(s->refunds), A(s->refunds_fen),
		A(s->flows), A(s->flow_in_fen), A(s->flow_back_fen), A(s->flow_fee_fen),
		A(s->flow_other_fen));
	db_queue(tx, &match_clear);
}

void reconcile_match(
	struct tx *tx, const char *channel, date day, const struct reconcile_load *l)
{
	stamp from = china_midnight(day), to = china_next_midnight(day);
	stamp from_early = {from.us - EDGE_US}, to_early = {to.us - EDGE_US};

	db_queue(tx, &match_memory);
	db_queue_one(tx, &match_all_there, E_RETRY, A(l->id), A(l->rows));
	db_queue(tx, &match_payments, A(channel), A(day), A(l->id), A(from), A(to));
	db_queue(tx, &match_settled, A(channel), A(l->id));
	db_queue(tx, &match_revoked, A(channel), A(day), A(l->id));
	db_queue(tx, &match_billed, A(channel), A(day), A(l->id));
	db_queue(tx, &match_refunds, A(channel), A(day), A(l->id));
	db_queue(tx, &match_missed_refunds, A(channel), A(day), A(from_early), A(to_early));
	if (l->flow_hash)
		db_queue(tx, &match_flows, A(channel), A(day), A(l->id),
			A((stamp){from.us + EDGE_US}), A(to_early));
	else if (l->expects_flow && l->sums.payments > 0)
		db_queue(tx, &match_no_flow, A(channel), A(day), A(l->sums.payments_fen));
	db_queue(tx, &match_work, A(channel), A(day), A(work_word(WORK_RECONCILE)),
		A(work_word(WORK_REFUNDED_TWICE)));
	queue_end(tx, channel, day, l);
}
