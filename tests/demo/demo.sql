-- Demo data: three venues, twenty courts, prices, a holiday, staff.
-- psql variables: staff_hash, the hash of the demo password.
-- Ids below 1024 are never given out by the application.
\set ON_ERROR_STOP on
SET timezone = 'Asia/Shanghai';
BEGIN;

INSERT INTO venue (id, name, address, phone, window_days, checkin_early_minutes,
	phone_required) VALUES
	(1, '星河羽毛球馆', '杭州市西湖区文三路 188 号', '0571-88880001', 7, 1440, false),
	(2, '江畔体育中心', '杭州市滨江区江南大道 900 号', '0571-88880002', 14, 60, true),
	(3, '云山网球中心', '杭州市余杭区云山路 6 号', '0571-88880003', 7, 60, true);

-- What is given back of a cancelled period, by the hours before its start.
UPDATE venue SET refund_tiers = t.tiers::jsonb FROM (VALUES
	(1, '[{"hours": 24, "percent": 100, "fee_fen": 0}, {"hours": 2, "percent": 50, "fee_fen": 0}]'),
	(2, '[{"hours": 48, "percent": 100, "fee_fen": 0}, {"hours": 12, "percent": 80, "fee_fen": 200}]'),
	(3, '[{"hours": 24, "percent": 100, "fee_fen": 0}]')) AS t(id, tiers)
	WHERE venue.id = t.id;

INSERT INTO venue_sport (venue_id, sport_id, slot_minutes) VALUES
	(1, 1, 60), (2, 1, 60), (2, 2, 60), (3, 3, 60);

-- Venue 1: eight badminton courts. Venue 2: four badminton courts, two
-- basketball floors, each whole or in halves. Venue 3: four tennis courts.
INSERT INTO court (id, venue_id, sport_id, name, position)
	SELECT n, 1, 1, n || ' 号场', n FROM generate_series(1, 8) n;
INSERT INTO unit (id, venue_id, name)
	SELECT n, 1, n || ' 号地' FROM generate_series(1, 8) n;
INSERT INTO court (id, venue_id, sport_id, name, position)
	SELECT 20 + n, 2, 1, n || ' 号场', n FROM generate_series(1, 4) n;
INSERT INTO unit (id, venue_id, name)
	SELECT 20 + n, 2, '羽 ' || n FROM generate_series(1, 4) n;
INSERT INTO court (id, venue_id, sport_id, name, position) VALUES
	(31, 2, 2, '一馆 全场', 1), (32, 2, 2, '一馆 A 半场', 2), (33, 2, 2, '一馆 B 半场', 3),
	(34, 2, 2, '二馆 全场', 4), (35, 2, 2, '二馆 A 半场', 5), (36, 2, 2, '二馆 B 半场', 6);
INSERT INTO unit (id, venue_id, name) VALUES
	(31, 2, '一馆 A'), (32, 2, '一馆 B'), (33, 2, '二馆 A'), (34, 2, '二馆 B');
INSERT INTO court (id, venue_id, sport_id, name, position)
	SELECT 40 + n, 3, 3, n || ' 号场', n FROM generate_series(1, 4) n;
INSERT INTO unit (id, venue_id, name)
	SELECT 40 + n, 3, n || ' 号地' FROM generate_series(1, 4) n;
INSERT INTO court_unit (court_id, unit_id, venue_id)
	SELECT c.id, c.id, c.venue_id FROM court c WHERE c.sport_id IN (1, 3);
INSERT INTO court_unit (court_id, unit_id, venue_id) VALUES
	(31, 31, 2), (31, 32, 2), (32, 31, 2), (33, 32, 2),
	(34, 33, 2), (34, 34, 2), (35, 33, 2), (36, 34, 2);

-- Hours: venue 1 around the clock, venue 2 until 01:30 on Friday and Saturday.
INSERT INTO opening SELECT 1, d, 0, 1440 FROM generate_series(1, 7) d;
INSERT INTO opening SELECT 2, d, 480, CASE WHEN d IN (5, 6) THEN 1530 ELSE 1320 END
	FROM generate_series(1, 7) d;
INSERT INTO opening SELECT 3, d, 420, 1320 FROM generate_series(1, 7) d;

-- The public holidays ahead (State Council's notices give the dates each
-- autumn), and, so that every demo shows one, a holiday three days from now
-- and a 调休 working day on the Sunday after it.
INSERT INTO calendar_day (day, kind, name, as_weekday) VALUES
	('2027-01-01', 'holiday', '元旦', NULL)
	ON CONFLICT DO NOTHING;
INSERT INTO calendar_day (day, kind, name, as_weekday) VALUES
	(current_date + 3, 'holiday', '演示节日', NULL)
	ON CONFLICT DO NOTHING;
INSERT INTO calendar_day (day, kind, name, as_weekday) VALUES
	(current_date + 3 + (7 - extract(isodow FROM current_date + 3)::int) +
	 CASE WHEN extract(isodow FROM current_date + 3) = 7 THEN 7 ELSE 0 END,
	 'makeup', '调休上班', 1)
	ON CONFLICT DO NOTHING;

-- Prices per hour, in fen: a floor that covers every hour, then what differs.
INSERT INTO price_rule (id, venue_id, sport_id, day_kind, weekdays, opens, closes, hour_fen) VALUES
	(1, 1, NULL, NULL, NULL, 0, 1800, 4000),
	(2, 1, NULL, NULL, NULL, 1080, 1320, 8000),
	(3, 1, NULL, NULL, 96, 540, 1320, 9000),
	(4, 1, NULL, 'holiday', NULL, 0, 1800, 12000),
	(11, 2, 1, NULL, NULL, 0, 1800, 5000),
	(12, 2, 1, NULL, NULL, 1080, 1320, 9000),
	(13, 2, 2, NULL, NULL, 0, 1800, 20000),
	(14, 2, 2, NULL, NULL, 1080, 1320, 36000),
	(15, 2, NULL, 'holiday', NULL, 0, 1800, 15000),
	(21, 3, NULL, NULL, NULL, 0, 1800, 12000),
	(22, 3, NULL, NULL, 96, 0, 1800, 16000),
	(23, 3, NULL, 'holiday', NULL, 0, 1800, 20000);
-- Half a basketball floor costs half.
INSERT INTO price_rule (id, venue_id, sport_id, court_id, opens, closes, hour_fen)
	SELECT 100 + c.id * 2, 2, 2, c.id, 0, 1800, 11000 FROM court c WHERE c.id IN (32, 33, 35, 36)
	UNION ALL
	SELECT 101 + c.id * 2, 2, 2, c.id, 1080, 1320, 19000 FROM court c WHERE c.id IN (32, 33, 35, 36);
-- A dated exception: an opening offer of venue 3 tomorrow.
INSERT INTO price_rule (id, venue_id, from_day, to_day, opens, closes, hour_fen) VALUES
	(31, 3, current_date + 1, current_date + 1, 420, 720, 6000);

-- Court 4 of venue 3 is being resurfaced for three days from tomorrow.
INSERT INTO court_block (id, venue_id, court_id, during, reason)
	SELECT 1, 3, 44, tstzrange(
		(current_date + 1 + time '07:00') AT TIME ZONE 'Asia/Shanghai',
		(current_date + 3 + time '22:00') AT TIME ZONE 'Asia/Shanghai'), '地面翻新';
INSERT INTO occupancy (unit_id, at, block_id)
	SELECT u.unit_id, t.at, b.id FROM court_block b
	JOIN court_unit u ON u.court_id = b.court_id,
	LATERAL generate_series(lower(b.during), upper(b.during) - interval '30 minutes',
		interval '30 minutes') AS t(at)
	ORDER BY 1, 2;

-- Staff: admin everywhere; desk1 and desk2 are the managers of venues 1 and 2.
INSERT INTO account (id, nickname) VALUES (1, '平台管理员'), (2, '星河前台'), (3, '江畔前台');
INSERT INTO staff_login (account_id, username, password_hash) VALUES
	(1, 'admin', :'staff_hash'), (2, 'desk1', :'staff_hash'), (3, 'desk2', :'staff_hash');
INSERT INTO account_role (account_id, role, venue_id) VALUES
	(1, 'admin', NULL), (2, 'manager', 1), (3, 'manager', 2);

COMMIT;
