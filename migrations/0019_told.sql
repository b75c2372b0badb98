-- Customers are told of bans and of their end, and of courts given up without money back.
-- The daemon settle finds what was not told yet, so whoever bans or lifts need not think of it.
ALTER TABLE ban
	ADD told_at timestamptz, -- that it began
	ADD end_told_at timestamptz; -- that it was lifted, or has run out
UPDATE ban SET told_at = now(),
	end_told_at = CASE WHEN lifted_at IS NOT NULL OR until <= now() THEN now() END;
CREATE INDEX ban_untold ON ban (id) WHERE end_told_at IS NULL;

ALTER TABLE inbox DROP CONSTRAINT inbox_kind_known;
ALTER TABLE inbox ADD CONSTRAINT inbox_kind_known CHECK (kind IN
	('order.paid', 'order.ended', 'order.retaken', 'order.cancelled', 'refund.created',
	 'refund.delayed', 'refund.done', 'ban.created', 'ban.ended'));
