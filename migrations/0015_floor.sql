-- Nobody is sold a court without its floor: what takes courts takes a row of occupancy
-- for each unit and half hour, one at least, or nothing. A court may lose its units
-- between the moment in which an order reads it and the one in which it takes them.

-- Looked at when the transaction ends, because an item is there before its steps are.
-- The court's row is held by then (a foreign key, courts_hold), so its units stay.
CREATE FUNCTION floor_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	units bigint := (SELECT count(*) FROM court_unit u WHERE u.court_id = NEW.court_id);
	steps bigint := extract(epoch FROM upper(NEW.during) - lower(NEW.during))::bigint / 1800;
	held bigint;
BEGIN
	IF TG_TABLE_NAME = 'order_item' THEN
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE o.item_id = NEW.id AND u.court_id = NEW.court_id AND NEW.during @> o.at);
	ELSE
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE o.block_id = NEW.id AND u.court_id = NEW.court_id AND NEW.during @> o.at);
	END IF;
	IF held = 0 OR held <> units * steps THEN
		RAISE EXCEPTION '% half hours of floor are held, not %', held, units * steps
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER order_item_has_floor AFTER INSERT ON order_item DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.state = 'held') EXECUTE FUNCTION floor_check();
CREATE CONSTRAINT TRIGGER order_item_has_floor_again AFTER UPDATE OF state ON order_item
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.state = 'released' AND NEW.state <> 'released') EXECUTE FUNCTION floor_check();
CREATE CONSTRAINT TRIGGER court_block_has_floor AFTER INSERT OR UPDATE ON court_block
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION floor_check();

-- And no unit leaves or joins a court while somebody has it ahead of him. Orders under
-- way hold the court's row: they are waited for.
CREATE FUNCTION court_unit_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	courts bigint[] := ARRAY[OLD.court_id, NEW.court_id];
BEGIN
	IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
		RETURN NULL;
	END IF;
	PERFORM 1 FROM court c WHERE c.id = ANY (courts) ORDER BY c.id FOR UPDATE;
	IF EXISTS (SELECT 1 FROM order_item i WHERE i.court_id = ANY (courts) AND i.state <> 'released'
			AND upper(i.during) > now())
		OR EXISTS (SELECT 1 FROM court_block b WHERE b.court_id = ANY (courts) AND upper(b.during) > now()) THEN
		RAISE EXCEPTION 'somebody has the court'
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER court_unit_unused AFTER INSERT OR UPDATE OR DELETE ON court_unit
	FOR EACH ROW EXECUTE FUNCTION court_unit_check();
