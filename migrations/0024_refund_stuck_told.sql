-- A customer whose refund failed at the channel for good is told, once of each number.
ALTER TABLE refund ADD stuck_told_at timestamptz;
UPDATE refund SET stuck_told_at = now() WHERE state = 'stuck';
ALTER TABLE inbox DROP CONSTRAINT inbox_kind_known;
ALTER TABLE inbox ADD CONSTRAINT inbox_kind_known CHECK (kind IN
	('order.paid', 'order.ended', 'order.retaken', 'order.cancelled', 'refund.created',
	 'refund.delayed', 'refund.stuck', 'refund.done', 'ban.created', 'ban.ended'));
