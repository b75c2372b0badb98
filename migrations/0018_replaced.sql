-- Money for an order that had ended comes when its customer has booked again: he would have
-- two courts at the same hour, and one of them too near to be given back.

-- A person's orders are made, and brought back, one after the other: whoever comes second
-- sees what the first has done. Taken behind the frame and the account's row, as late money
-- takes them (lib/order/ending.h).
CREATE FUNCTION bookings_hold(account bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(920003, hashint8(account));
END $$;
CREATE FUNCTION orders_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bookings_hold(NEW.account_id);
	RETURN NEW;
END $$;
-- By its name behind orders_frame and orders_person: locks are taken in that order.
CREATE TRIGGER orders_queued BEFORE INSERT ON orders
	FOR EACH ROW EXECUTE FUNCTION orders_queue();

-- Has its customer another living order at an hour of this one, at whatever venue, made
-- since then? One that he has given up does not count, though its court may still be held.
CREATE FUNCTION order_replaced(of_order bigint, since timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT 1 FROM orders o
		JOIN orders n ON n.account_id = o.account_id AND n.id <> o.id AND n.created_at >= since
			AND (n.state IN ('pending', 'paid') OR n.state = 'closing' AND n.closing_to = 'expired')
		JOIN order_item i ON i.order_id = n.id AND i.state <> 'released'
		JOIN order_item w ON w.order_id = o.id AND w.during && i.during
		WHERE o.id = of_order)
$$;

-- The wall behind it.
CREATE FUNCTION order_alone_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bookings_hold((SELECT o.account_id FROM orders o WHERE o.id = NEW.order_id));
	IF order_replaced(NEW.order_id, '-infinity') THEN
		RAISE EXCEPTION 'order % has been replaced', NEW.order_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER order_item_alone_again AFTER UPDATE OF state ON order_item
	FOR EACH ROW WHEN (OLD.state = 'released' AND NEW.state = 'booked') EXECUTE FUNCTION order_alone_again();
