-- Each day's bills of the channels against our rows.

-- One row for each channel and day of China. waiting: its bills were not to be
-- had, run_at says when to try again; matched: what differs is written down;
-- done: and what could be put right without people has been. Sums are the
-- bills', our_… are ours.
CREATE TABLE reconcile_run (
	channel          text NOT NULL,
	day              date NOT NULL,
	state            text NOT NULL DEFAULT 'waiting',
	tries            bigint NOT NULL DEFAULT 1,
	run_at           timestamptz NOT NULL DEFAULT now(),
	trouble          text, -- of the last try
	trade_hash       text, -- NULL: no such bill that day
	flow_hash        text,
	payments         bigint NOT NULL DEFAULT 0,
	payments_fen     bigint NOT NULL DEFAULT 0,
	refunds          bigint NOT NULL DEFAULT 0,
	refunds_fen      bigint NOT NULL DEFAULT 0,
	flows            bigint NOT NULL DEFAULT 0,
	flow_in_fen      bigint NOT NULL DEFAULT 0, -- payments that reached the account
	flow_back_fen    bigint NOT NULL DEFAULT 0, -- refunds that left it
	flow_fee_fen     bigint NOT NULL DEFAULT 0,
	flow_other_fen   bigint NOT NULL DEFAULT 0, -- what came in by other ways, less what went
	our_payments     bigint NOT NULL DEFAULT 0,
	our_payments_fen bigint NOT NULL DEFAULT 0,
	began_at         timestamptz NOT NULL DEFAULT now(),
	done_at          timestamptz,
	CONSTRAINT reconcile_run_pkey PRIMARY KEY (channel, day),
	CONSTRAINT reconcile_run_channel_known CHECK (channel IN ('wechat', 'alipay')),
	CONSTRAINT reconcile_run_state_known CHECK (state IN ('waiting', 'matched', 'done')),
	CONSTRAINT reconcile_run_done_has_time CHECK ((state = 'done') = (done_at IS NOT NULL))
);

-- The lines of the bills in hand, while they are matched. `load` tells one
-- reading from another; what a crash left behind belongs to no reading.
CREATE UNLOGGED TABLE reconcile_line (
	load     bigint NOT NULL,
	number   bigint NOT NULL, -- in its file
	kind     text NOT NULL,   -- payment, refund, revoked; flow_payment, flow_refund, flow_fee, flow_other
	at       timestamptz NOT NULL,
	our_no   text,
	their_no text,
	trade_no text,            -- of a refund: the number of the payment
	word     text,            -- of a refund: its state
	fen      bigint NOT NULL
);

-- What differs, once. `what` says which numbers `number` is of; the flow kinds
-- compare the channel's two bills with each other, «ours» then is the trade bill.
CREATE TABLE reconcile_diff (
	channel    text NOT NULL,
	day        date NOT NULL,
	class      text NOT NULL,
	what       text NOT NULL,
	number     text NOT NULL,
	line       bigint, -- of the bill
	ours       text,   -- the state of our row, and the channel's word for it
	theirs     text,
	ours_fen   bigint,
	theirs_fen bigint,
	attempt_id bigint CONSTRAINT reconcile_diff_attempt_fk REFERENCES payment_attempt,
	refund_id  bigint CONSTRAINT reconcile_diff_refund_fk REFERENCES refund,
	found_at   timestamptz NOT NULL DEFAULT now(),
	cured_at   timestamptz, -- both sides agree by now
	CONSTRAINT reconcile_diff_pkey PRIMARY KEY (channel, day, class, what, number),
	CONSTRAINT reconcile_diff_run_fk FOREIGN KEY (channel, day) REFERENCES reconcile_run,
	CONSTRAINT reconcile_diff_class_known CHECK (class IN ('only_ours', 'only_theirs', 'amount', 'state')),
	CONSTRAINT reconcile_diff_what_known CHECK (what IN ('payment', 'refund', 'flow_payment', 'flow_refund'))
);
CREATE INDEX reconcile_diff_open ON reconcile_diff (channel, day) WHERE cured_at IS NULL;

-- The day of the bill that had this refund.
ALTER TABLE refund ADD billed_on date;
CREATE INDEX refund_unbilled ON refund (sent_at) WHERE billed_on IS NULL;
CREATE INDEX payment_attempt_surplus ON payment_attempt (paid_at) WHERE state = 'surplus';

GRANT SELECT, INSERT, UPDATE ON reconcile_run, reconcile_diff TO zx;
GRANT SELECT, INSERT, TRUNCATE ON reconcile_line TO zx;
