-- What must hold in the books whatever has happened: every query below returns no row.
-- The last group holds once all messages have been acted on.
--   psql -f tests/race/invariants.sql

-- no_floor_is_sold_twice: two live items or blocks on one unit in one half hour, not chosen for
WITH held AS (
	SELECT i.id AS item_id, NULL::bigint AS block_id, i.court_id, i.during
	FROM order_item i WHERE i.state <> 'released' AND NOT EXISTS (SELECT 1 FROM outside_item x
		WHERE x.item_id = i.id AND x.choice IS NOT NULL)
	UNION ALL SELECT NULL, b.id, b.court_id, b.during FROM court_block b)
SELECT u.unit_id, t.at, array_agg(h.item_id) AS items, array_agg(h.block_id) AS blocks
FROM held h JOIN court_unit u ON u.court_id = h.court_id,
	LATERAL generate_series(lower(h.during), upper(h.during) - interval '30 minutes',
		interval '30 minutes') AS t(at)
GROUP BY u.unit_id, t.at HAVING count(*) > 1;

-- a_live_item_occupies_exactly_its_time: rows that are missing
SELECT i.id, u.unit_id, t.at
FROM order_item i JOIN court_unit u ON u.court_id = i.court_id,
	LATERAL generate_series(lower(i.during), upper(i.during) - interval '30 minutes',
		interval '30 minutes') AS t(at)
WHERE i.state <> 'released' AND NOT EXISTS (SELECT 1 FROM occupancy o
	WHERE o.unit_id = u.unit_id AND o.at = t.at AND o.item_id = i.id);

-- a_live_item_has_a_floor: whatever units its court has today
SELECT i.id, t.at
FROM order_item i, LATERAL generate_series(lower(i.during), upper(i.during) - interval '30 minutes',
	interval '30 minutes') AS t(at)
WHERE i.state <> 'released' AND NOT EXISTS (SELECT 1 FROM occupancy o
	WHERE o.item_id = i.id AND o.at = t.at);

-- whatever_is_occupied_has_a_live_item_or_block: rows that should not be there
SELECT o.* FROM occupancy o
WHERE NOT EXISTS (SELECT 1 FROM order_item i JOIN court_unit u ON u.court_id = i.court_id
		WHERE i.id = o.item_id AND u.unit_id = o.unit_id AND i.during @> o.at
		AND i.state <> 'released')
	AND NOT EXISTS (SELECT 1 FROM court_block b JOIN court_unit u ON u.court_id = b.court_id
		WHERE b.id = o.block_id AND u.unit_id = o.unit_id AND b.during @> o.at);

-- a_block_holds_its_time: or somebody has it for whom people have chosen
SELECT b.id, u.unit_id, t.at
FROM court_block b JOIN court_unit u ON u.court_id = b.court_id,
	LATERAL generate_series(lower(b.during), upper(b.during) - interval '30 minutes',
		interval '30 minutes') AS t(at)
WHERE NOT EXISTS (SELECT 1 FROM occupancy o WHERE o.unit_id = u.unit_id AND o.at = t.at
	AND (o.block_id = b.id OR EXISTS (SELECT 1 FROM outside_item x
		WHERE x.item_id = o.item_id AND x.choice IS NOT NULL)));

-- what_is_given_up_or_used_waits_for_no_choice: of what its venue does not offer any more
SELECT x.item_id, i.state FROM outside_item x JOIN order_item i ON i.id = x.item_id
WHERE x.done_at IS NULL AND i.state IN ('released', 'used');

-- items_follow_their_order: held while it waits, booked, used or given up once it is paid
SELECT o.id, o.state, i.id AS item_id, i.state AS item_state
FROM orders o LEFT JOIN order_item i ON i.order_id = o.id
WHERE i.id IS NULL
	OR o.state IN ('pending', 'closing') AND i.state <> 'held'
	OR o.state IN ('expired', 'cancelled') AND i.state <> 'released'
	OR o.state = 'paid' AND i.state = 'held';

-- an_order_costs_what_its_items_cost
SELECT o.id, o.amount_fen, sum(i.price_fen)
FROM orders o JOIN order_item i ON i.order_id = o.id
GROUP BY o.id HAVING o.amount_fen <> sum(i.price_fen);

-- an_order_stays_at_its_venue
SELECT o.id, o.venue_id, i.venue_id AS item_venue, c.venue_id AS court_venue
FROM orders o JOIN order_item i ON i.order_id = o.id JOIN court c ON c.id = i.court_id
WHERE o.venue_id <> i.venue_id OR o.venue_id <> c.venue_id;

-- a_paid_order_has_exactly_one_paid_attempt_of_its_amount: a free one has none
SELECT o.id, o.amount_fen, o.paid_fen, count(a.id), sum(a.amount_fen)
FROM orders o LEFT JOIN payment_attempt a ON a.order_id = o.id AND a.state = 'paid'
WHERE o.state = 'paid' OR o.pay_state <> 'unpaid'
GROUP BY o.id HAVING count(a.id) <> (o.amount_fen > 0)::int OR sum(a.amount_fen) <> o.amount_fen
	OR o.paid_fen <> o.amount_fen OR count(a.transaction_id) <> (o.amount_fen > 0)::int;

-- what_costs_nothing_is_paid: and no channel has heard of it
SELECT o.id, o.state, a.id AS attempt_id
FROM orders o LEFT JOIN payment_attempt a ON a.order_id = o.id
WHERE o.amount_fen = 0 AND (o.state NOT IN ('paid', 'cancelled') OR o.pay_state <> 'paid' OR a.id IS NOT NULL);

-- a_paid_attempt_has_a_paid_order: which may have been cancelled since
SELECT a.id, a.out_trade_no, o.state, o.pay_state
FROM payment_attempt a JOIN orders o ON o.id = a.order_id
WHERE a.state = 'paid' AND (o.state NOT IN ('paid', 'cancelled') OR o.pay_state = 'unpaid');

-- every_attempt_asks_for_the_whole_order
SELECT a.id, a.amount_fen, o.amount_fen FROM payment_attempt a JOIN orders o ON o.id = a.order_id
WHERE a.amount_fen <> o.amount_fen OR a.out_trade_no NOT LIKE o.no || 'A__';

-- every_payment_was_told_by_one_genuine_notice
SELECT a.id, a.out_trade_no, count(n.notice_id)
FROM payment_attempt a LEFT JOIN notify_log n
	ON n.out_trade_no = a.out_trade_no AND n.outcome IN ('paid', 'retaken')
WHERE a.state = 'paid' GROUP BY a.id HAVING count(n.notice_id) <> 1;

-- no_notice_counts_as_paid_without_a_payment
SELECT n.notice_id, n.out_trade_no FROM notify_log n
WHERE n.outcome IN ('paid', 'retaken') AND NOT EXISTS (SELECT 1 FROM payment_attempt a
	WHERE a.out_trade_no = n.out_trade_no AND a.state = 'paid');

-- nobody_holds_more_than_his_quota: counted from the items, and as it was counted
SELECT o.account_id, o.play_date, count(*), b.periods, b.allowed
FROM orders o JOIN order_item i ON i.order_id = o.id
LEFT JOIN booking_day b ON b.account_id = o.account_id AND b.play_date = o.play_date
WHERE i.state <> 'released'
GROUP BY o.account_id, o.play_date, b.periods, b.allowed
HAVING b.periods IS NULL OR count(*) > b.periods OR b.periods > b.allowed;

-- a_key_made_one_order_and_an_order_has_one_key: who has left takes his answers with him
SELECT o.id, count(k.key)
FROM orders o JOIN account p ON p.id = o.account_id AND p.left_at IS NULL LEFT JOIN idempotency k ON k.account_id = o.account_id AND k.status = 201
	AND k.answer LIKE '{"id":' || o.id || ',"no":%'
GROUP BY o.id HAVING count(k.key) <> 1;

-- what_a_key_has_answered_is_there: unless it is a document, which staff may take away again
WITH k AS (SELECT account_id, key, status, answer, nullif(answer, '')::jsonb AS told FROM idempotency)
SELECT k.account_id, k.key, k.answer FROM k
WHERE (k.told IS NULL) <> (k.status = 204) OR k.status NOT IN (200, 201, 204)
	OR NOT k.told ?| '{version,day,bound,outside}' AND NOT EXISTS (
	SELECT 1 FROM orders o WHERE o.no = k.told ->> 'no' AND o.account_id = k.account_id
	UNION ALL SELECT 1 FROM payment_attempt a WHERE a.out_trade_no = k.told ->> 'out_trade_no'
	UNION ALL SELECT 1 FROM orders o JOIN (SELECT order_id, staff_id FROM checkin
		UNION ALL SELECT order_id, staff_id FROM checkin_undone) c
		ON c.order_id = o.id AND c.staff_id = k.account_id WHERE o.no = k.told ->> 'order_no'
	UNION ALL SELECT 1 FROM (SELECT id FROM refund UNION ALL SELECT id FROM work_item
		UNION ALL SELECT id FROM violation UNION ALL SELECT id FROM ban UNION ALL SELECT id FROM account) what
		WHERE what.id::text = k.told ->> 'id'
	UNION ALL SELECT 1 FROM account a WHERE a.id::text = k.told -> 'customer' ->> 'id');

-- every_order_was_told_once
SELECT o.id, count(m.id) FROM orders o
LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.created'
GROUP BY o.id HAVING count(m.id) <> 1;

-- every_payment_was_told_once: one message order.paid for each paid order, none for others
SELECT o.id, o.state, count(m.id) FROM orders o
LEFT JOIN message m ON m.subject_id = o.id AND m.kind = 'order.paid'
GROUP BY o.id HAVING count(m.id) <> (o.pay_state <> 'unpaid')::int;

-- a_used_item_was_checked_in_once
SELECT i.id, i.state, count(c.item_id) FROM order_item i LEFT JOIN checkin c ON c.item_id = i.id
GROUP BY i.id HAVING count(c.item_id) <> (i.state = 'used')::int;

-- a_checkin_fits_its_order
SELECT c.* FROM checkin c JOIN order_item i ON i.id = c.item_id JOIN orders o ON o.id = i.order_id
WHERE c.order_id <> i.order_id OR c.venue_id <> o.venue_id OR o.state <> 'paid';

-- every_checkin_is_a_try_that_went_well
SELECT order_id, checkins, tries FROM
	(SELECT order_id, count(DISTINCT at) AS checkins FROM (SELECT order_id, at FROM checkin
		UNION SELECT order_id, at FROM checkin_undone) x GROUP BY 1) c
	FULL JOIN (SELECT order_id, count(*) AS tries FROM checkin_try WHERE result = 'ok' GROUP BY 1) t
	USING (order_id)
WHERE checkins IS DISTINCT FROM tries;

-- a_code_belongs_to_a_paid_order
SELECT c.order_id, o.state FROM checkin_code c JOIN orders o ON o.id = c.order_id
WHERE o.pay_state = 'unpaid';

-- drained: no_message_waits
SELECT id, kind, attempts, last_error FROM message WHERE published_at IS NULL;

-- drained: every_paid_order_has_its_code
SELECT o.id FROM orders o LEFT JOIN checkin_code c ON c.order_id = o.id
WHERE o.state = 'paid' AND c.order_id IS NULL;

-- drained: every_message_acted_once: for each of its consumers
SELECT m.id, m.kind, count(d.consumer) FROM message m
	LEFT JOIN message_done d ON d.message_id = m.id
WHERE m.kind <> 'order.created' GROUP BY m.id
HAVING count(d.consumer) <> CASE m.kind WHEN 'order.paid' THEN 2 ELSE 1 END;

-- drained: every_payment_was_told_to_the_customer_once
SELECT o.id FROM orders o JOIN account p ON p.id = o.account_id AND p.left_at IS NULL
	LEFT JOIN inbox i ON i.order_id = o.id AND i.kind = 'order.paid'
WHERE o.state = 'paid' GROUP BY o.id HAVING count(i.id) <> 1;

-- drained: a_used_order_is_to_be_reported: where it was paid inside the mini-program
SELECT a.id FROM payment_attempt a JOIN checkin c ON c.order_id = a.order_id
	LEFT JOIN shipping s ON s.attempt_id = a.id
WHERE a.state = 'paid' AND a.channel = 'wechat' AND a.method = 'jsapi' AND s.attempt_id IS NULL;

-- drained: nothing_was_given_up
SELECT * FROM message_dead;
