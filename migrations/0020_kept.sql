-- Whoever got all his money back does not come in, unless staff kept the courts for him on
-- purpose; the last refund of staff has the last word. What was given back whole before this
-- counts as kept: it was told so.
ALTER TABLE orders ADD kept_at timestamptz;
UPDATE orders o SET kept_at = now() WHERE o.state = 'paid' AND o.pay_state = 'refunded';
GRANT UPDATE (kept_at) ON orders TO zx_staff;

-- Both the refund and the check-in hold the order's row.
CREATE FUNCTION checkin_of_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM orders o WHERE o.id = NEW.order_id AND o.pay_state = 'refunded'
		AND o.kept_at IS NULL) THEN
		RAISE EXCEPTION 'the money of order % went back', NEW.order_id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_use_refunded', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER order_item_use_refunded BEFORE UPDATE OF state ON order_item FOR EACH ROW
	WHEN (OLD.state = 'booked' AND NEW.state = 'used') EXECUTE FUNCTION checkin_of_refunded();
