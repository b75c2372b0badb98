-- Refunds that go another way than planned.

-- Settled by hand, or under another number, and then paid by the channel after all.
ALTER TABLE work_item DROP CONSTRAINT work_item_kind_known;
ALTER TABLE work_item ADD CONSTRAINT work_item_kind_known CHECK (kind IN
	('refund_stuck', 'strange_payment', 'reconcile', 'refunded_twice', 'shipping_stuck'));
