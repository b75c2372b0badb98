-- Refunds that go another way than planned.

-- Settled by hand, or under another number, and then paid by the channel after all.
ALTER TABLE work_item DROP CONSTRAINT work_item_kind_known;
ALTER TABLE work_item ADD CONSTRAINT work_item_kind_known CHECK (kind IN
	('refund_stuck', 'strange_payment', 'reconcile', 'refunded_twice', 'shipping_stuck'));

-- A refund that a channel refuses for what people may cure (an empty account, a key, a
-- right), or leaves without a word, is tried on; after a while people know of it.
ALTER TABLE refund
	ADD delayed_at timestamptz, -- since then
	ADD answered_at timestamptz; -- when it was last sure that nothing we had sent will pay
INSERT INTO state_move VALUES
	('refund', 'created', 'by_hand', 'staff paid it another way while the channel refused it');
CREATE INDEX work_item_refund ON work_item (refund_id);

-- The wall: what was sent and not answered may still arrive.
CREATE FUNCTION refund_by_hand_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.delayed_at IS NULL OR OLD.answered_at < OLD.sent_at
		OR OLD.answered_at IS NULL AND OLD.sent_at IS NOT NULL THEN
		RAISE EXCEPTION 'refund % may still arrive', OLD.id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_may_arrive', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refund_may_arrive BEFORE UPDATE OF state ON refund FOR EACH ROW
	WHEN (OLD.state = 'created' AND NEW.state = 'by_hand') EXECUTE FUNCTION refund_by_hand_check();

ALTER TABLE inbox DROP CONSTRAINT inbox_kind_known;
ALTER TABLE inbox ADD CONSTRAINT inbox_kind_known CHECK (kind IN
	('order.paid', 'order.ended', 'order.retaken', 'refund.created', 'refund.delayed', 'refund.done'));

-- Another payment on a number that has brought its money already.
ALTER TABLE notify_log DROP CONSTRAINT notify_log_outcome_known;
ALTER TABLE notify_log ADD CONSTRAINT notify_log_outcome_known CHECK (outcome IN
	('paid', 'retaken', 'repeat', 'paid_twice', 'unknown_number', 'wrong_merchant', 'wrong_amount',
	 'not_success', 'late', 'surplus', 'refund', 'refund_unknown', 'refund_differs', 'other'));

-- A ticket is its payer's: open once for each. The mark differs by order, and tells
-- nothing of who it was; 0: whoever scans the code.
ALTER TABLE payment_attempt ADD payer_mark bigint NOT NULL DEFAULT 0;
DROP INDEX payment_attempt_open_once;
CREATE UNIQUE INDEX payment_attempt_open_once ON payment_attempt (order_id, channel, method, payer_mark)
	WHERE state IN ('created', 'prepaid');
