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

-- What an order has read of its venue's frame (hours and dates that differ, the calendar,
-- slot lengths, time zone, how far ahead and until when it sells) is still so when it is
-- made, or it is run again. Each change counts the frame's number up, and the order says
-- the number that it has read (lib/venue/day.c).
CREATE TABLE venue_frame (
	venue_id bigint CONSTRAINT venue_frame_pkey PRIMARY KEY
		CONSTRAINT venue_frame_venue_fk REFERENCES venue ON DELETE CASCADE,
	number   bigint NOT NULL DEFAULT 1
);
INSERT INTO venue_frame SELECT id FROM venue;
ALTER TABLE venue_frame ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON venue_frame TO zx USING (true);
CREATE POLICY in_scope ON venue_frame TO zx_staff USING ((SELECT staff_everywhere())
	OR venue_id = ANY ((SELECT staff_venues())::bigint[]));
GRANT SELECT ON venue_frame TO zx, zx_staff;

-- Who changes a frame waits for the orders that are being made in it, and sees them; new
-- ones wait for him. A lock of this kind is queued for, so that nobody waits for ever
-- behind a rush, and costs no write. NULL: of all venues.
CREATE FUNCTION frame_change(venue bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(920002, coalesce(hashint8(venue), 0));
	UPDATE venue_frame f SET number = f.number + 1 WHERE f.venue_id = venue OR venue IS NULL;
END $$;
REVOKE EXECUTE ON FUNCTION frame_change FROM PUBLIC;

-- The venue's row first, as who ends a venue does (FOR UPDATE) before he changes its frame.
CREATE FUNCTION frame_hold(venue bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	PERFORM 1 FROM venue v WHERE v.id = venue FOR KEY SHARE;
	PERFORM pg_advisory_xact_lock_shared(920002, 0), pg_advisory_xact_lock_shared(920002, hashint8(venue));
	RETURN (SELECT f.number FROM venue_frame f WHERE f.venue_id = venue);
END $$;
REVOKE EXECUTE ON FUNCTION frame_hold FROM PUBLIC;

CREATE FUNCTION frame_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	CASE TG_TABLE_NAME
	WHEN 'calendar_day' THEN PERFORM frame_change(NULL);
	WHEN 'venue' THEN PERFORM frame_change(NEW.id);
	ELSE
		PERFORM frame_change(coalesce(NEW.venue_id, OLD.venue_id));
	END CASE;
	RETURN NULL;
END $$;
CREATE TRIGGER frame AFTER INSERT OR UPDATE OR DELETE ON opening
	FOR EACH ROW EXECUTE FUNCTION frame_counts();
CREATE TRIGGER frame AFTER INSERT OR UPDATE OR DELETE ON opening_exception
	FOR EACH ROW EXECUTE FUNCTION frame_counts();
CREATE TRIGGER frame AFTER INSERT OR UPDATE OR DELETE ON opening_exception_hours
	FOR EACH ROW EXECUTE FUNCTION frame_counts();
CREATE TRIGGER frame AFTER INSERT OR UPDATE OR DELETE ON calendar_day
	FOR EACH ROW EXECUTE FUNCTION frame_counts();
CREATE TRIGGER frame AFTER INSERT OR UPDATE OR DELETE ON venue_sport
	FOR EACH ROW EXECUTE FUNCTION frame_counts();
CREATE TRIGGER frame AFTER UPDATE OF timezone, window_days, ends_on, closed_at ON venue
	FOR EACH ROW WHEN ((OLD.timezone, OLD.window_days, OLD.ends_on, OLD.closed_at)
		IS DISTINCT FROM (NEW.timezone, NEW.window_days, NEW.ends_on, NEW.closed_at))
	EXECUTE FUNCTION frame_counts();

CREATE FUNCTION frame_begin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	INSERT INTO venue_frame VALUES (NEW.id);
	RETURN NULL;
END $$;
CREATE TRIGGER frame_begins AFTER INSERT ON venue FOR EACH ROW EXECUTE FUNCTION frame_begin();

-- NULL: an older order, or one that was written without reading a frame.
ALTER TABLE orders ADD frame bigint;
CREATE FUNCTION frame_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF frame_hold(NEW.venue_id) IS DISTINCT FROM NEW.frame THEN
		RAISE EXCEPTION 'the frame of venue % has changed', NEW.venue_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER orders_frame BEFORE INSERT ON orders
	FOR EACH ROW WHEN (NEW.frame IS NOT NULL) EXECUTE FUNCTION frame_check();

-- Late money reads the frame after this, and so needs no number.
CREATE OR REPLACE FUNCTION courts_hold(of_order bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	PERFORM frame_hold((SELECT o.venue_id FROM orders o WHERE o.id = of_order));
	PERFORM 1 FROM court c WHERE c.id IN (SELECT i.court_id FROM order_item i WHERE i.order_id = of_order)
		ORDER BY c.id FOR KEY SHARE;
END $$;
