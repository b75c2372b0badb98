-- A payment of which something was given back before we knew of it: by people in the channel's
-- console, or by us before an older state of the database was restored.
ALTER TABLE notify_log DROP CONSTRAINT notify_log_outcome_known;
ALTER TABLE notify_log ADD CONSTRAINT notify_log_outcome_known CHECK (outcome IN
	('paid', 'retaken', 'repeat', 'paid_twice', 'returned', 'unknown_number', 'wrong_merchant',
	 'wrong_amount', 'not_success', 'late', 'surplus', 'refund', 'refund_unknown', 'refund_differs', 'other'));
