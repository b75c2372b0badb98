-- What must hold after chaos, besides tests/race/invariants.sql: where the money is, what was
-- told, who is banned. Every query returns no row. Those called «drained» hold once nothing is
-- under way.

-- a_paid_hour_has_its_floor: booked, not over, and each half hour of it is held
SELECT o.id, i.id AS item_id, count(DISTINCT f.at) AS held
FROM orders o JOIN order_item i ON i.order_id = o.id LEFT JOIN occupancy f ON f.item_id = i.id
WHERE o.state = 'paid' AND i.state = 'booked' AND upper(i.during) > now()
GROUP BY o.id, i.id
HAVING count(DISTINCT f.at) * interval '30 minutes' < upper(i.during) - lower(i.during);

-- what_goes_back_is_reserved_on_its_payment
SELECT a.id, a.refunded_fen, sum(r.amount_fen)
FROM payment_attempt a LEFT JOIN refund r ON r.attempt_id = a.id AND r.state <> 'void'
GROUP BY a.id HAVING a.refunded_fen <> coalesce(sum(r.amount_fen), 0);

-- what_goes_back_is_counted_on_its_order: of the payment that paid it
SELECT o.id, o.refunded_fen, sum(r.amount_fen)
FROM orders o LEFT JOIN payment_attempt a ON a.order_id = o.id AND a.state = 'paid'
	LEFT JOIN refund r ON r.attempt_id = a.id AND r.state <> 'void'
GROUP BY o.id HAVING o.refunded_fen <> coalesce(sum(r.amount_fen), 0);

-- every_fen_of_an_order_is_somewhere: kept for what was sold, on its way back, or nowhere yet
SELECT o.id, m.came, o.paid_fen - o.refunded_fen AS kept, m.open, b.back
FROM orders o
JOIN (SELECT order_id, sum(amount_fen) AS came,
		sum(amount_fen - refunded_fen) FILTER (WHERE state = 'surplus') AS open
	FROM payment_attempt WHERE transaction_id IS NOT NULL GROUP BY 1) m ON m.order_id = o.id
LEFT JOIN (SELECT order_id, sum(amount_fen) AS back FROM refund WHERE state <> 'void' GROUP BY 1) b
	ON b.order_id = o.id
WHERE m.came <> o.paid_fen - o.refunded_fen + coalesce(m.open, 0) + coalesce(b.back, 0);

-- the_ledger_has_no_gap
SELECT * FROM ledger_day WHERE gap_fen <> 0;

-- the_ledger_has_all_the_money
SELECT * FROM (SELECT coalesce(sum(amount_fen), 0) AS fen, count(*) AS n FROM payment_attempt
	WHERE transaction_id IS NOT NULL) came,
	(SELECT coalesce(sum(paid_fen), 0) AS fen, coalesce(sum(attempts), 0) AS n FROM ledger_day) told
WHERE came.fen <> told.fen OR came.n <> told.n;

-- money_lies_nowhere_without_work_for_people
SELECT a.id, a.amount_fen, a.refunded_fen FROM payment_attempt a
WHERE a.state = 'surplus' AND a.refunded_fen <> a.amount_fen
	AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.order_id = a.order_id AND w.done_at IS NULL);

-- a_refund_is_of_the_money_that_its_cause_says
SELECT r.id, r.cause, a.state, r.amount_fen, a.amount_fen
FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id JOIN orders o ON o.id = a.order_id
WHERE r.order_id <> a.order_id OR r.venue_id <> o.venue_id
	OR r.out_refund_no NOT LIKE a.out_trade_no || 'R__'
	OR r.cause IN ('late', 'surplus') AND (a.state <> 'surplus' OR r.amount_fen <> a.amount_fen)
	OR r.cause IN ('cancel', 'staff', 'venue') AND a.state <> 'paid';

-- a_refund_of_a_cancellation_is_the_sum_of_its_items
SELECT r.id, r.amount_fen, sum(i.refund_fen)
FROM refund r LEFT JOIN order_item i ON i.refund_id = r.id
WHERE r.cause IN ('cancel', 'venue') AND r.replaces IS NULL
GROUP BY r.id HAVING r.amount_fen IS DISTINCT FROM sum(i.refund_fen);

-- an_item_got_back_what_the_rule_of_its_order_says: less if little is left, all if it lay outside
SELECT i.id, i.price_fen, i.refund_fen, rule.fen
FROM order_item i JOIN orders o ON o.id = i.order_id, LATERAL (
	SELECT coalesce((SELECT greatest(0, i.price_fen * (t->>'percent')::bigint / 100
			- (t->>'fee_fen')::bigint) FROM jsonb_array_elements(o.refund_tiers) t
		WHERE i.released_at + (t->>'hours')::int * interval '1 hour' <= lower(i.during)
		ORDER BY (t->>'hours')::bigint DESC LIMIT 1), 0) AS fen) rule
WHERE i.refund_fen IS NOT NULL AND (i.state <> 'released' OR i.refund_fen > i.price_fen
	OR i.refund_fen > rule.fen AND NOT EXISTS (SELECT 1 FROM outside_item x WHERE x.item_id = i.id)
	OR i.refund_fen < rule.fen AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.order_id = o.id
		AND r.cause = 'staff'));

-- a_replaced_refund_is_void_and_its_sum_stays
SELECT n.id, n.amount_fen, r.state, r.amount_fen FROM refund n JOIN refund r ON r.id = n.replaces
WHERE r.state <> 'void' OR r.amount_fen <> n.amount_fen OR r.attempt_id <> n.attempt_id
UNION ALL SELECT NULL, NULL, r.state, r.amount_fen FROM refund r
WHERE r.state = 'void' AND NOT EXISTS (SELECT 1 FROM refund n WHERE n.replaces = r.id);

-- money_that_came_has_one_notice_that_acted
SELECT a.id, a.state, count(n.notice_id)
FROM payment_attempt a LEFT JOIN notify_log n ON n.out_trade_no = a.out_trade_no
	AND n.outcome = ANY (CASE a.state WHEN 'paid' THEN '{paid,retaken}'
		ELSE '{late,surplus}' END::text[])
WHERE a.transaction_id IS NOT NULL GROUP BY a.id HAVING count(n.notice_id) <> 1;

-- no_notice_acted_without_money
SELECT n.notice_id, n.out_trade_no, n.outcome FROM notify_log n
WHERE n.outcome IN ('paid', 'retaken', 'late', 'surplus') AND NOT EXISTS (
	SELECT 1 FROM payment_attempt a WHERE a.out_trade_no = n.out_trade_no
	AND a.state = CASE WHEN n.outcome IN ('paid', 'retaken') THEN 'paid' ELSE 'surplus' END);

-- nothing_strange_was_told: nobody forges here
SELECT notice_id, out_trade_no, outcome FROM notify_log WHERE outcome IN ('unknown_number',
	'wrong_merchant', 'wrong_amount', 'refund_unknown', 'refund_differs');

-- the_count_of_a_day_is_the_number_of_its_items
SELECT account_id, play_date, b.periods, t.n
FROM booking_day b FULL JOIN (SELECT o.account_id, o.play_date, count(*) AS n
	FROM orders o JOIN order_item i ON i.order_id = o.id WHERE i.state <> 'released'
	GROUP BY 1, 2) t USING (account_id, play_date)
WHERE coalesce(b.periods, 0) <> coalesce(t.n, 0);

-- an_order_ended_as_it_was_to_end
SELECT o.id, o.state, o.closing_to FROM orders o
WHERE o.state = 'expired' AND o.closing_to IS DISTINCT FROM 'expired'
	OR o.state = 'cancelled' AND o.pay_state = 'unpaid' AND o.closing_to IS DISTINCT FROM 'cancelled'
		AND EXISTS (SELECT 1 FROM payment_attempt a WHERE a.order_id = o.id);

-- a_paid_order_is_cancelled_when_all_of_it_is_given_up: and only then
SELECT o.id, o.state FROM orders o WHERE o.pay_state <> 'unpaid' AND (o.state = 'cancelled') <>
	NOT EXISTS (SELECT 1 FROM order_item i WHERE i.order_id = o.id AND i.state <> 'released');

-- an_expired_order_is_a_violation_and_nothing_else_is: unless it was paid in time
SELECT o.id, o.state, v.id AS violation, v.lift_reason
FROM orders o LEFT JOIN violation v ON v.order_id = o.id
WHERE o.state = 'expired' AND (v.id IS NULL OR v.lifted_at IS NOT NULL AND v.lifted_by IS NULL
	AND NOT EXISTS (SELECT 1 FROM payment_attempt a WHERE a.order_id = o.id AND a.paid_at < o.expires_at))
	OR o.state <> 'expired' AND v.id IS NOT NULL AND v.lifted_at IS NULL
	OR v.account_id <> o.account_id;

-- a_ban_rests_on_three_violations: of a person, who may have several accounts
SELECT b.id, b.account_id FROM ban b WHERE b.lifted_at IS NULL AND (SELECT count(*)
	FROM violation v WHERE v.account_id = ANY (person_accounts(b.account_id)) AND v.lifted_at IS NULL
	AND v.at <= b.since AND v.at > coalesce((SELECT max(p.since) FROM ban p
		WHERE p.account_id = ANY (person_accounts(b.account_id)) AND p.since < b.since), '-infinity')) < 3;

-- three_violations_are_a_ban
SELECT person_of(v.account_id), count(*) FROM violation v
WHERE v.lifted_at IS NULL AND v.at > coalesce((SELECT max(b.since) FROM ban b
	WHERE b.account_id = ANY (person_accounts(v.account_id))), '-infinity')
GROUP BY 1 HAVING count(*) >= 3;

-- nobody_books_who_is_banned: by whatever account; what was under way has 3 s to end
SELECT o.id, o.account_id, b.id FROM orders o JOIN ban b ON b.account_id = ANY (person_accounts(o.account_id))
WHERE o.created_at > b.since + interval '4 s' AND o.created_at < least(b.until, b.lifted_at);

-- no_living_hour_is_outside_of_what_is_open_unless_it_is_listed
SELECT i.id, o.id, i.during FROM order_item i JOIN orders o ON o.id = i.order_id JOIN venue v ON v.id = o.venue_id
WHERE i.state IN ('held', 'booked') AND upper(i.during) > now()
	AND NOT EXISTS (SELECT 1 FROM outside_item x WHERE x.item_id = i.id)
	AND (NOT EXISTS (SELECT 1 FROM (
			SELECT h.opens, h.closes FROM opening_exception_hours h WHERE h.venue_id = v.id AND h.day = o.play_date
			UNION ALL SELECT h.opens, h.closes FROM opening h WHERE h.venue_id = v.id
				AND h.weekday = extract(isodow FROM o.play_date) AND NOT EXISTS (SELECT 1 FROM opening_exception e
					WHERE e.venue_id = v.id AND e.day = o.play_date)) h
		WHERE (o.play_date + h.opens * interval '1 minute') AT TIME ZONE v.timezone <= lower(i.during)
			AND (o.play_date + h.closes * interval '1 minute') AT TIME ZONE v.timezone >= upper(i.during))
	OR EXISTS (SELECT 1 FROM court_block b JOIN court_unit bu ON bu.court_id = b.court_id
		JOIN court_unit u ON u.unit_id = bu.unit_id WHERE u.court_id = i.court_id AND b.during && i.during));

-- no_refund_waits_in_silence: one that is delayed is work for people, and was told once
SELECT r.id, r.state, count(DISTINCT w.id), count(DISTINCT m.id) FROM refund r
LEFT JOIN work_item w ON w.refund_id = r.id AND w.kind = 'refund_stuck' AND w.done_at IS NULL
LEFT JOIN message m ON m.kind = 'refund.delayed' AND m.body ->> 'refund_id' = r.id::text
WHERE r.delayed_at IS NOT NULL GROUP BY r.id
HAVING count(DISTINCT m.id) <> 1 OR r.state IN ('created', 'accepted') AND count(DISTINCT w.id) <> 1;

-- drained: what_the_venue_gives_back_is_given_back
SELECT x.item_id, x.trouble FROM outside_item x WHERE x.choice = 'refund_all' AND x.done_at IS NULL;

-- what_is_undecided_is_work_for_people
SELECT x.order_id FROM outside_item x WHERE x.done_at IS NULL AND x.choice IS NULL
	AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.key = 'sold_outside:' || x.order_id AND w.done_at IS NULL);

-- an_end_was_told_once: also of an order that late money brought back
SELECT o.id, o.state, count(m.id)
FROM orders o LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.ended'
GROUP BY o.id HAVING count(m.id) <> (o.state = 'expired'
	OR o.state = 'cancelled' AND o.pay_state = 'unpaid'
	OR EXISTS (SELECT 1 FROM message t WHERE t.subject_id = o.id AND t.kind = 'order.retaken'))::int;

-- a_return_was_told_once
SELECT o.id, t.n, count(m.id) FROM orders o
LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.retaken', LATERAL (
	SELECT count(*) AS n FROM notify_log n JOIN payment_attempt a USING (out_trade_no)
	WHERE a.order_id = o.id AND n.outcome = 'retaken') t
GROUP BY o.id, t.n HAVING count(m.id) <> t.n OR t.n > 1;

-- a_first_use_was_told_once
SELECT o.id, count(DISTINCT m.id) FROM orders o
LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.used'
LEFT JOIN checkin c ON c.order_id = o.id
LEFT JOIN checkin_undone u ON u.order_id = o.id
GROUP BY o.id HAVING count(DISTINCT m.id) <> (count(c.item_id) + count(u.item_id) > 0)::int;

-- a_refund_was_told_once_when_it_began
SELECT r.id, r.state, count(m.id) FROM refund r LEFT JOIN message m
	ON m.kind = 'refund.created' AND m.body ->> 'refund_id' = r.id::text
GROUP BY r.id HAVING count(m.id) <> (r.replaces IS NULL)::int;

-- a_refund_was_told_once_when_it_was_done
SELECT r.id, r.state, count(m.id) FROM refund r LEFT JOIN message m
	ON m.kind = 'refund.done' AND m.body ->> 'refund_id' = r.id::text
GROUP BY r.id HAVING count(m.id) > 1 OR r.state <> 'by_hand'
	AND count(m.id) <> (r.state = 'succeeded')::int;

-- drained: every_message_was_done_by_its_consumers_and_nobody_else
SELECT m.id, m.kind, array_agg(d.consumer) FROM message m
LEFT JOIN message_done d ON d.message_id = m.id
GROUP BY m.id HAVING array_agg(d.consumer ORDER BY d.consumer) IS DISTINCT FROM (CASE m.kind
	WHEN 'order.created' THEN '{expire}' WHEN 'order.paid' THEN '{fulfil,tell}'
	WHEN 'order.used' THEN '{ship}' ELSE '{tell}' END)::text[];

-- drained: a_customer_reads_of_everything_once: but not of an end that was none, nor who has left
SELECT m.id, m.kind, o.state, count(i.id)
FROM message m JOIN orders o ON o.id = m.subject_id
JOIN account p ON p.id = o.account_id AND p.left_at IS NULL
LEFT JOIN inbox i ON i.message_id = m.id AND i.account_id = o.account_id AND i.order_id = o.id
	AND i.kind = m.kind
WHERE m.kind NOT IN ('order.created', 'order.used')
GROUP BY m.id, o.id HAVING count(i.id) <> 1 AND NOT (m.kind = 'order.ended'
	AND o.pay_state <> 'unpaid') AND NOT (m.kind IN ('refund.delayed', 'refund.stuck', 'ban.created', 'ban.ended')
		AND count(i.id) = 0);

-- a_refused_refund_was_told_once: courts given up under a rule that gives nothing back
SELECT i.id, count(m.id) FROM order_item i JOIN orders o ON o.id = i.order_id
LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.cancelled'
	AND m.body -> 'items' @> to_jsonb(i.id)
WHERE i.state = 'released' AND i.refund_fen = 0 AND i.refund_id IS NULL
GROUP BY i.id HAVING count(m.id) <> 1;

-- drained: a_ban_was_told_once_when_it_began_and_when_it_ended
SELECT b.id, count(m.id) FROM ban b LEFT JOIN message m ON m.kind IN ('ban.created', 'ban.ended')
	AND m.body ->> 'ban_id' = b.id::text
GROUP BY b.id HAVING b.told_at IS NULL OR count(m.id) > 2
	OR count(m.id) <> count(DISTINCT m.kind);

-- an_inbox_says_only_what_happened
SELECT i.id, i.kind FROM inbox i LEFT JOIN message m ON m.id = i.message_id
WHERE m.id IS NULL OR m.kind <> i.kind OR m.subject_id <> i.order_id;

-- drained: no_order_waits_or_closes
SELECT id, state, expires_at FROM orders WHERE state IN ('pending', 'closing');

-- drained: no_refund_is_under_way
SELECT id, state, trouble FROM refund WHERE state IN ('created', 'accepted');

-- drained: an_ended_order_can_not_be_paid_any_more
SELECT a.id, a.state, o.state FROM payment_attempt a JOIN orders o ON o.id = a.order_id
WHERE a.state IN ('created', 'prepaid') AND NOT o.unconfirmed
	AND (o.state = 'expired' OR o.state = 'cancelled' AND o.pay_state = 'unpaid');

-- a_stuck_refund_is_work_for_people_once: so is a delayed one, until it has arrived
SELECT r.id, r.state, count(w.id) FROM refund r
LEFT JOIN work_item w ON w.refund_id = r.id AND w.kind = 'refund_stuck' AND w.done_at IS NULL
GROUP BY r.id HAVING count(w.id) <> (r.state = 'stuck')::int
	AND NOT (r.state IN ('created', 'accepted') AND count(w.id) = 1);

-- drained: the_bills_say_the_same: what differed was cured
SELECT channel, day, class, what, number, ours, theirs, ours_fen, theirs_fen
FROM reconcile_diff WHERE cured_at IS NULL;

-- drained: every_day_was_reconciled: of each channel that took money
SELECT l.channel, l.day, r.state FROM ledger_day l LEFT JOIN reconcile_run r USING (channel, day)
WHERE r.state IS DISTINCT FROM 'done';
