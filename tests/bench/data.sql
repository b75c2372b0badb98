-- Forty venues of sixteen badminton courts, open from 6 to 24; prices by the
-- hour as in the demo; two hundred customers with live sessions; on the next
-- seven days every second cell taken.
-- psql variable: today. Ids below 1024 are never given out by the application,
-- and those above 10^15 not in our lifetime.
\set ON_ERROR_STOP on
SET timezone = 'Asia/Shanghai';
BEGIN;
INSERT INTO venue (id, name, address, phone, window_days, phone_required)
	SELECT 100 + n, '压测球馆 ' || n, '杭州市西湖区文三路 ' || n || ' 号', '0571-88881234', 400, false
	FROM generate_series(1, 40) n;
INSERT INTO venue_sport (venue_id, sport_id, slot_minutes)
	SELECT 100 + n, 1, 60 FROM generate_series(1, 40) n;
INSERT INTO court (id, venue_id, sport_id, name, position)
	SELECT 301 + n, 101 + n / 16, 1, n % 16 + 1 || ' 号场', n % 16 FROM generate_series(0, 639) n;
INSERT INTO unit (id, venue_id, name)
	SELECT 301 + n, 101 + n / 16, n % 16 + 1 || ' 号地' FROM generate_series(0, 639) n;
INSERT INTO court_unit (court_id, unit_id, venue_id)
	SELECT 301 + n, 301 + n, 101 + n / 16 FROM generate_series(0, 639) n;
INSERT INTO opening SELECT 100 + n, d, 360, 1440
	FROM generate_series(1, 40) n, generate_series(1, 7) d;
INSERT INTO price_rule (id, venue_id, sport_id, day_kind, weekdays, opens, closes, hour_fen)
	SELECT 400 + n * 4 + r.id, 100 + n, r.sport, r.day_kind, r.weekdays, r.opens, r.closes, r.fen
	FROM generate_series(1, 40) n, (VALUES
		(0, NULL, NULL, NULL, 0, 1800, 4000),
		(1, 1, NULL, NULL, 1080, 1320, 8000),
		(2, NULL, NULL, 96, 540, 1320, 9000),
		(3, NULL, 'holiday', NULL, 0, 1800, 12000)
	) AS r (id, sport, day_kind, weekdays, opens, closes, fen);

INSERT INTO account (id, nickname) SELECT n, '压测用户 ' || n FROM generate_series(201, 400) n;
INSERT INTO session (id, account_id, client, salt, expires_at)
	SELECT n, n, 'mini', 'bench', now() + interval '1 day' FROM generate_series(201, 400) n;

-- One paid order a court and day, one item an hour.
CREATE TEMP TABLE cell AS
	SELECT 1000000000000000 + (d * 640 + c) * 32 AS order_id, d, c, h,
		(date :'today' + d + make_time(h, 0, 0)) AT TIME ZONE 'Asia/Shanghai' AS start
	FROM generate_series(1, 7) d, generate_series(0, 639) c, generate_series(6, 23) h
	WHERE (d + c + h) % 2 = 0;
INSERT INTO orders (id, no, account_id, venue_id, play_date, state, pay_state, amount_fen,
		paid_fen, paid_at, expires_at)
	SELECT DISTINCT order_id, '20' || order_id, 201 + c % 200, 101 + c / 16, date :'today' + d,
		'paid', 'paid', 36000, 36000, now(), now()
	FROM cell;
INSERT INTO order_item (id, order_id, venue_id, court_id, during, price_fen, state)
	SELECT order_id + h, order_id, 101 + c / 16, 301 + c,
		tstzrange(start, start + interval '1 hour'), 4000, 'booked'
	FROM cell;
INSERT INTO occupancy (unit_id, at, item_id)
	SELECT 301 + c, start + half, order_id + h
	FROM cell, (VALUES (interval '0'), (interval '30 minutes')) AS s (half)
	ORDER BY 1, 2;

-- What earlier requests have left: on empty tables the planner would choose
-- plans that fit nothing a minute later.
INSERT INTO booking_day SELECT account_id, play_date, count(*), 1000000 FROM orders GROUP BY 1, 2;
INSERT INTO message (id, kind, subject_id, body, published_at)
	SELECT 1000000000000000 + n, 'order.created', n, '{"order_id":1125899906842624,"venue_id":101}',
		now() FROM generate_series(1, 20000) n;
INSERT INTO idempotency (account_id, key, digest, status, answer)
	SELECT 201 + n % 200, 'earlier-' || n, repeat('0', 64), 201, repeat('a', 600)
	FROM generate_series(1, 20000) n;
COMMIT;
VACUUM ANALYZE;
