-- Of a payment by a coupon the channel may settle less than the order's sum: what came, as the
-- day's bill says. NULL: all of it, or not known yet.
ALTER TABLE payment_attempt ADD settled_fen bigint,
	ADD CONSTRAINT payment_attempt_settled_range CHECK (settled_fen BETWEEN 0 AND
		CASE WHEN transaction_id IS NULL THEN 0 ELSE amount_fen END);
-- came_fen: what the channel settles of paid_fen; the rest is coupons.
CREATE OR REPLACE VIEW ledger_day WITH (security_invoker = on) AS
WITH money AS (
	SELECT (a.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, a.channel, a.id, a.order_id, a.state,
		a.amount_fen, a.refunded_fen, coalesce(a.settled_fen, a.amount_fen) AS settled_fen
	FROM payment_attempt a WHERE a.paid_at IS NOT NULL
), back AS (
	SELECT r.attempt_id, sum(r.amount_fen) AS fen,
		sum(r.amount_fen) FILTER (WHERE r.state IN ('succeeded', 'by_hand')) AS done_fen,
		sum(r.amount_fen) FILTER (WHERE r.state = 'stuck') AS stuck_fen
	FROM refund r WHERE r.state <> 'void' GROUP BY r.attempt_id
)
SELECT m.day, m.channel, count(*) AS attempts,
	sum(m.amount_fen)::bigint AS paid_fen,
	coalesce(sum(b.fen), 0)::bigint AS refunds_fen,
	coalesce(sum(b.done_fen), 0)::bigint AS refunds_done_fen,
	coalesce(sum(b.stuck_fen), 0)::bigint AS refunds_stuck_fen,
	coalesce(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE m.state = 'paid'), 0)::bigint AS orders_fen,
	coalesce(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state = 'surplus'), 0)::bigint AS open_fen,
	(sum(m.amount_fen) - coalesce(sum(b.fen), 0)
		- coalesce(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE m.state = 'paid'), 0)
		- coalesce(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state = 'surplus'), 0))::bigint AS gap_fen,
	sum(m.settled_fen)::bigint AS came_fen
FROM money m JOIN orders o ON o.id = m.order_id LEFT JOIN back b ON b.attempt_id = m.id
GROUP BY m.day, m.channel;
