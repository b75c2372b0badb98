-- What customers are told, and what WeChat is told: the inbox, and the report
-- that an order was handed over.

-- One entry a message, however often that is delivered. Messages are deleted
-- after a while, hence no foreign key.
CREATE TABLE inbox (
	id         bigint PRIMARY KEY,
	account_id bigint NOT NULL CONSTRAINT inbox_account_fk REFERENCES account,
	message_id bigint NOT NULL CONSTRAINT inbox_message_key UNIQUE,
	kind       text NOT NULL,
	title      text NOT NULL,
	body       text NOT NULL,
	order_id   bigint NOT NULL CONSTRAINT inbox_order_fk REFERENCES orders,
	created_at timestamptz NOT NULL DEFAULT now(),
	read_at    timestamptz,
	CONSTRAINT inbox_kind_known CHECK (kind IN
		('order.paid', 'order.ended', 'order.retaken', 'refund.created', 'refund.done'))
);
CREATE INDEX inbox_account ON inbox (account_id, id DESC);
CREATE INDEX inbox_unread ON inbox (account_id) WHERE read_at IS NULL;

-- WeChat keeps a mini-program's money back until it is told that the goods were
-- handed over. One row a payment. waived: there was no such duty when its turn
-- came, or all of the money had gone back; stuck: only people can help.
CREATE TABLE shipping (
	attempt_id bigint CONSTRAINT shipping_pkey PRIMARY KEY
		CONSTRAINT shipping_attempt_fk REFERENCES payment_attempt,
	order_id   bigint NOT NULL CONSTRAINT shipping_order_fk REFERENCES orders,
	state      text NOT NULL DEFAULT 'waiting',
	run_at     timestamptz NOT NULL DEFAULT now(),
	tries      bigint NOT NULL DEFAULT 0,
	trouble    text, -- of the last try
	created_at timestamptz NOT NULL DEFAULT now(),
	sent_at    timestamptz,
	CONSTRAINT shipping_state_known CHECK (state IN ('waiting', 'sent', 'waived', 'stuck')),
	CONSTRAINT shipping_sent_has_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
	CONSTRAINT shipping_stuck_says_why CHECK (state <> 'stuck' OR trouble IS NOT NULL)
);
CREATE INDEX shipping_due ON shipping (run_at) WHERE state = 'waiting';

ALTER TABLE work_item DROP CONSTRAINT work_item_kind_known;
ALTER TABLE work_item ADD CONSTRAINT work_item_kind_known CHECK (kind IN
	('refund_stuck', 'strange_payment', 'reconcile', 'shipping_stuck'));

-- What was published before these consumers existed is not theirs.
INSERT INTO message_done (consumer, message_id)
	SELECT CASE kind WHEN 'order.paid' THEN 'tell' ELSE 'expire' END, id FROM message
	WHERE kind IN ('order.created', 'order.paid') AND published_at IS NOT NULL;

GRANT SELECT, INSERT ON inbox TO zx;
GRANT UPDATE (read_at) ON inbox TO zx;
GRANT SELECT, INSERT, UPDATE ON shipping TO zx;
