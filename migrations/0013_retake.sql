-- Late money takes courts again without adding items, so no foreign key holds them:
-- a desk could end a court, or move it to another floor, in that very moment.

-- As an order's items do by their foreign keys, against who changes venue or court
-- (FOR UPDATE): whoever comes second sees what the first has done. The program's
-- role may not lock them by itself.
CREATE FUNCTION courts_hold(of_order bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	PERFORM 1 FROM venue v WHERE v.id = (SELECT o.venue_id FROM orders o WHERE o.id = of_order)
		FOR KEY SHARE;
	PERFORM 1 FROM court c WHERE c.id IN (SELECT i.court_id FROM order_item i WHERE i.order_id = of_order)
		ORDER BY c.id FOR KEY SHARE;
END $$;
REVOKE EXECUTE ON FUNCTION courts_hold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courts_hold TO zx;

-- The wall behind it, as order_item_court_lasts is for new items.
CREATE FUNCTION court_lasts_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM orders o JOIN venue v ON v.id = o.venue_id JOIN court c ON c.id = NEW.court_id
		WHERE o.id = NEW.order_id AND least(c.ends_on, v.ends_on) <= o.play_date) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER order_item_court_lasts_again AFTER UPDATE OF state ON order_item
	FOR EACH ROW WHEN (OLD.state = 'released' AND NEW.state = 'booked') EXECUTE FUNCTION court_lasts_again();
