-- An hour that cost nothing is still its customer's when the money of the others of its order
-- went back.
DROP TRIGGER order_item_use_refunded ON order_item;
CREATE TRIGGER order_item_use_refunded BEFORE UPDATE OF state ON order_item FOR EACH ROW
	WHEN (OLD.state = 'booked' AND NEW.state = 'used' AND NEW.price_fen > 0)
	EXECUTE FUNCTION checkin_of_refunded();

-- Undoing a check-in takes no choice of the venue back: what was to be given back is to be
-- given back again.
CREATE FUNCTION outside_item_again() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	UPDATE outside_item SET done_at = NULL, run_at = now()
		WHERE item_id = NEW.id AND choice = 'refund_all' AND done_at IS NOT NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER order_item_outside_again AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN (OLD.state = 'used' AND NEW.state = 'booked') EXECUTE FUNCTION outside_item_again();
