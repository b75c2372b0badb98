-- What each payment attempt of a closing order waits for, by itself: one channel that is silent
-- must not hold back what another would say. NULL: its channel was not told to close it yet;
-- infinity: it need not be told any more.
ALTER TABLE payment_attempt ADD close_at timestamptz,
	ADD close_tries bigint NOT NULL DEFAULT 0,
	ADD CONSTRAINT payment_attempt_close_tries_range CHECK (close_tries >= 0);
