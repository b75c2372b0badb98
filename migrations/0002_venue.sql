-- Venues, courts, physical units, hours, prices.
-- Minutes of a day run from 0 to 1800, so that a closing at 01:30 is 1530.
-- Weekdays are ISO: Monday 1 … Sunday 7.

CREATE TABLE sport (
	id   bigint PRIMARY KEY,
	code text NOT NULL CONSTRAINT sport_code_key UNIQUE,
	name text NOT NULL,
	CONSTRAINT sport_code_form CHECK (code ~ '^[a-z_]{2,32}$')
);
INSERT INTO sport VALUES (1, 'badminton', '羽毛球'), (2, 'basketball', '篮球'), (3, 'tennis', '网球'),
	(4, 'table_tennis', '乒乓球'), (5, 'football', '足球'), (6, 'volleyball', '排球');

CREATE FUNCTION is_time_zone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM now() AT TIME ZONE name;
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END $$;

CREATE TABLE venue (
	id            bigint PRIMARY KEY,
	name          text NOT NULL,
	address       text NOT NULL DEFAULT '',
	phone         text NOT NULL DEFAULT '',
	timezone      text NOT NULL DEFAULT 'Asia/Shanghai',
	window_days   bigint NOT NULL DEFAULT 7,
	checkin_early_minutes bigint NOT NULL DEFAULT 60,
	closed_at     timestamptz,
	created_at    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT venue_timezone_known CHECK (is_time_zone(timezone)),
	CONSTRAINT venue_window_range CHECK (window_days BETWEEN 0 AND 400),
	CONSTRAINT venue_checkin_range CHECK (checkin_early_minutes BETWEEN 0 AND 1440)
);

ALTER TABLE role_permission ADD CONSTRAINT role_permission_form CHECK (permission ~ '^[a-z_.]+$');

-- Who works where. No venue: everywhere (admin, editor).
CREATE TABLE account_role (
	account_id bigint NOT NULL CONSTRAINT account_role_account_fk REFERENCES account,
	role       text NOT NULL CONSTRAINT account_role_role_fk REFERENCES role,
	venue_id   bigint CONSTRAINT account_role_venue_fk REFERENCES venue,
	CONSTRAINT account_role_once UNIQUE NULLS NOT DISTINCT (account_id, role, venue_id),
	CONSTRAINT account_role_operator_has_venue CHECK (role <> 'operator' OR venue_id IS NOT NULL)
);

-- What a venue offers and how long one bookable slot is.
CREATE TABLE venue_sport (
	venue_id     bigint NOT NULL CONSTRAINT venue_sport_venue_fk REFERENCES venue,
	sport_id     bigint NOT NULL CONSTRAINT venue_sport_sport_fk REFERENCES sport,
	slot_minutes bigint NOT NULL DEFAULT 60,
	CONSTRAINT venue_sport_pkey PRIMARY KEY (venue_id, sport_id),
	CONSTRAINT venue_sport_slot_steps CHECK (slot_minutes % 30 = 0 AND slot_minutes BETWEEN 30 AND 480)
);

CREATE TABLE court (
	id        bigint PRIMARY KEY,
	venue_id  bigint NOT NULL,
	sport_id  bigint NOT NULL,
	name      text NOT NULL,
	position  bigint NOT NULL DEFAULT 0,
	closed_at timestamptz,
	CONSTRAINT court_sport_fk FOREIGN KEY (venue_id, sport_id) REFERENCES venue_sport,
	CONSTRAINT court_name_key UNIQUE (venue_id, sport_id, name),
	CONSTRAINT court_venue_key UNIQUE (id, venue_id)
);

-- A unit is a physical piece of floor; two courts that share one can't be used
-- at the same time.
CREATE TABLE unit (
	id       bigint PRIMARY KEY,
	venue_id bigint NOT NULL CONSTRAINT unit_venue_fk REFERENCES venue,
	name     text NOT NULL,
	CONSTRAINT unit_name_key UNIQUE (venue_id, name),
	CONSTRAINT unit_venue_key UNIQUE (id, venue_id)
);
CREATE TABLE court_unit (
	court_id bigint NOT NULL,
	unit_id  bigint NOT NULL,
	venue_id bigint NOT NULL,
	CONSTRAINT court_unit_pkey PRIMARY KEY (court_id, unit_id),
	CONSTRAINT court_unit_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court (id, venue_id),
	CONSTRAINT court_unit_unit_fk FOREIGN KEY (unit_id, venue_id) REFERENCES unit (id, venue_id)
);

CREATE TABLE opening (
	venue_id bigint NOT NULL CONSTRAINT opening_venue_fk REFERENCES venue,
	weekday  bigint NOT NULL,
	opens    bigint NOT NULL,
	closes   bigint NOT NULL,
	CONSTRAINT opening_pkey PRIMARY KEY (venue_id, weekday, opens),
	CONSTRAINT opening_weekday_range CHECK (weekday BETWEEN 1 AND 7),
	CONSTRAINT opening_minutes CHECK (opens BETWEEN 0 AND 1410 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND opens % 30 = 0 AND closes % 30 = 0)
);

-- A date that differs: other hours, or (no row in opening_exception_hours) closed.
CREATE TABLE opening_exception (
	venue_id bigint NOT NULL CONSTRAINT opening_exception_venue_fk REFERENCES venue,
	day      date NOT NULL,
	reason   text NOT NULL DEFAULT '',
	CONSTRAINT opening_exception_pkey PRIMARY KEY (venue_id, day)
);
CREATE TABLE opening_exception_hours (
	venue_id bigint NOT NULL,
	day      date NOT NULL,
	opens    bigint NOT NULL,
	closes   bigint NOT NULL,
	CONSTRAINT opening_exception_hours_pkey PRIMARY KEY (venue_id, day, opens),
	CONSTRAINT opening_exception_hours_fk FOREIGN KEY (venue_id, day) REFERENCES opening_exception ON DELETE CASCADE,
	CONSTRAINT opening_exception_hours_minutes CHECK (opens BETWEEN 0 AND 1410 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND opens % 30 = 0 AND closes % 30 = 0)
);

-- Public holidays, and the 调休 days on which people work instead.
CREATE TABLE calendar_day (
	day        date PRIMARY KEY,
	kind       text NOT NULL,
	name       text NOT NULL,
	as_weekday bigint,
	CONSTRAINT calendar_day_kind_known CHECK (kind IN ('holiday', 'makeup')),
	CONSTRAINT calendar_day_makeup_works CHECK ((kind = 'makeup') = (as_weekday IS NOT NULL)),
	CONSTRAINT calendar_day_as_weekday_range CHECK (as_weekday BETWEEN 1 AND 5)
);

-- One rule: what one hour costs, where and when. What is NULL matches all; the
-- most specific rule that matches wins (lib/venue/price.h).
CREATE TABLE price_rule (
	id         bigint PRIMARY KEY,
	venue_id   bigint NOT NULL CONSTRAINT price_rule_venue_fk REFERENCES venue,
	sport_id   bigint CONSTRAINT price_rule_sport_fk REFERENCES sport,
	court_id   bigint,
	day_kind   text,
	weekdays   bigint,
	from_day   date,
	to_day     date,
	opens      bigint NOT NULL DEFAULT 0,
	closes     bigint NOT NULL DEFAULT 1800,
	hour_fen   bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT price_rule_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court (id, venue_id),
	CONSTRAINT price_rule_day_kind_known CHECK (day_kind IN ('holiday', 'makeup')),
	CONSTRAINT price_rule_weekdays_mask CHECK (weekdays BETWEEN 1 AND 127),
	CONSTRAINT price_rule_days CHECK ((from_day IS NULL) = (to_day IS NULL) AND from_day <= to_day),
	CONSTRAINT price_rule_minutes CHECK (opens BETWEEN 0 AND 1770 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND opens % 30 = 0 AND closes % 30 = 0),
	CONSTRAINT price_rule_fen CHECK (hour_fen BETWEEN 2 AND 10000000 AND hour_fen % 2 = 0)
);
CREATE INDEX price_rule_venue ON price_rule (venue_id);

GRANT SELECT ON sport, venue, account_role, venue_sport, court, unit, court_unit, opening,
	opening_exception, opening_exception_hours, calendar_day, price_rule TO zx;
