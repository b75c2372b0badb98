-- What staff change of a venue themselves: each document has a version, which
-- its UPDATE counts up (`SET version = version + 1 WHERE … AND version = $n`), so
-- that of two desks that read the same one only the first can save.
ALTER TABLE venue
	ADD version        bigint NOT NULL DEFAULT 1,
	ADD hours_version  bigint NOT NULL DEFAULT 1, -- of its rows in opening
	ADD prices_version bigint NOT NULL DEFAULT 1, -- of its rows in price_rule
	ADD refund_version bigint NOT NULL DEFAULT 1, -- of refund_tiers
	ADD ends_on        date,                      -- from this play date on not for sale
	ADD CONSTRAINT venue_name_some CHECK (name <> '');
ALTER TABLE court
	ADD version bigint NOT NULL DEFAULT 1,
	ADD ends_on date;
ALTER TABLE unit ADD version bigint NOT NULL DEFAULT 1;
ALTER TABLE venue_sport ADD version bigint NOT NULL DEFAULT 1;
ALTER TABLE sport ADD version bigint NOT NULL DEFAULT 1;
ALTER TABLE opening_exception ADD version bigint NOT NULL DEFAULT 1;
ALTER TABLE calendar_day ADD version bigint NOT NULL DEFAULT 1;
ALTER TABLE court_block ADD version bigint NOT NULL DEFAULT 1;
CREATE INDEX court_block_venue ON court_block (venue_id, id);

-- An order that read the day before a desk ended the court, and is inserted after:
-- its reference to the court has waited for the desk's transaction by the time this
-- looks, because what is done for each row comes before what is done for all.
CREATE FUNCTION court_lasts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM added i JOIN orders o ON o.id = i.order_id JOIN court c ON c.id = i.court_id
		JOIN venue v ON v.id = o.venue_id WHERE least(c.ends_on, v.ends_on) <= o.play_date) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER order_item_court_lasts AFTER INSERT ON order_item REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION court_lasts();

-- The line in the venue's price list. Ids don't sort by time (each worker has a
-- block of them), and the later of two equally specific rules wins.
ALTER TABLE price_rule ADD position bigint NOT NULL DEFAULT 0;
UPDATE price_rule p SET position = t.line FROM
	(SELECT id, row_number() OVER (PARTITION BY venue_id ORDER BY id) AS line FROM price_rule) t
	WHERE t.id = p.id;

-- Minutes of a play day as people write them; "25:30" is half past one of the
-- next morning.
CREATE FUNCTION clock_text(minutes bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN to_char(minutes / 60, 'FM00') || ':' || to_char(minutes % 60, 'FM00');

INSERT INTO role_permission VALUES
	('operator', 'venue'),
	('admin', 'venue'), ('admin', 'venue.create'), ('admin', 'catalog');

GRANT SELECT, INSERT, UPDATE, DELETE ON sport, venue, venue_sport, court, unit, court_unit, opening,
	opening_exception, opening_exception_hours, calendar_day, price_rule, court_block TO zx_staff;
GRANT SELECT, INSERT, DELETE ON occupancy TO zx_staff;
GRANT SELECT ON orders, order_item, account_role TO zx_staff;
GRANT USAGE ON SEQUENCE id_block TO zx_staff;
