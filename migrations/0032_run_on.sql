-- A period may run on into the date after, where its date closes as that one opens. The item
-- says so, and a court or venue that ends on that later date is not sold until then.
ALTER TABLE order_item ADD last_date date; -- NULL: the order's play date
CREATE OR REPLACE FUNCTION court_lasts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM added i JOIN orders o ON o.id = i.order_id JOIN court c ON c.id = i.court_id
		JOIN venue v ON v.id = o.venue_id
		WHERE least(c.ends_on, v.ends_on) <= coalesce(i.last_date, o.play_date)) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION court_lasts_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM orders o JOIN venue v ON v.id = o.venue_id JOIN court c ON c.id = NEW.court_id
		WHERE o.id = NEW.order_id AND least(c.ends_on, v.ends_on) <= coalesce(NEW.last_date, o.play_date)) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
