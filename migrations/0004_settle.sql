-- How orders end that are not simply paid and played, and where their money
-- goes: closing, expiry, cancelling, refunds, violations, work for people.

-- Which state may follow which. Statements are guarded by `WHERE state = …`
-- anyway; this is the wall behind them, and the table to read.
CREATE TABLE state_move (
	entity  text NOT NULL,
	was     text NOT NULL,
	becomes text NOT NULL,
	says    text NOT NULL,
	CONSTRAINT state_move_pkey PRIMARY KEY (entity, was, becomes)
);
INSERT INTO state_move VALUES
	('orders', 'pending', 'paid', 'paid in time'),
	('orders', 'pending', 'closing', 'expired or cancelled: the channel is told first'),
	('orders', 'pending', 'cancelled', 'no channel has heard of it'),
	('orders', 'closing', 'paid', 'paid while it closed'),
	('orders', 'closing', 'expired', 'courts freed'),
	('orders', 'closing', 'cancelled', 'courts freed'),
	('orders', 'expired', 'paid', 'late money, courts still free'),
	('orders', 'paid', 'cancelled', 'all of it given up'),
	('order_item', 'held', 'booked', 'the order is paid'),
	('order_item', 'held', 'released', 'the order ended unpaid'),
	('order_item', 'booked', 'used', 'checked in'),
	('order_item', 'booked', 'released', 'cancelled'),
	('order_item', 'released', 'booked', 'taken again by late money'),
	('payment_attempt', 'created', 'prepaid', 'the channel gave a ticket'),
	('payment_attempt', 'created', 'closed', 'can not be paid any more'),
	('payment_attempt', 'created', 'paid', 'paid before we knew the ticket'),
	('payment_attempt', 'created', 'surplus', 'paid, and the order does not need it'),
	('payment_attempt', 'prepaid', 'closed', 'can not be paid any more'),
	('payment_attempt', 'prepaid', 'paid', 'paid'),
	('payment_attempt', 'prepaid', 'surplus', 'paid, and the order does not need it'),
	('payment_attempt', 'closed', 'paid', 'late money, courts taken again'),
	('payment_attempt', 'closed', 'surplus', 'late money'),
	('refund', 'created', 'accepted', 'the channel works on it'),
	('refund', 'created', 'succeeded', 'the channel was quick'),
	('refund', 'created', 'stuck', 'refused'),
	('refund', 'accepted', 'succeeded', 'the customer has the money'),
	('refund', 'accepted', 'stuck', 'the channel could not do it'),
	('refund', 'stuck', 'created', 'staff try again'),
	('refund', 'stuck', 'succeeded', 'settled at the channel'),
	('refund', 'stuck', 'by_hand', 'staff paid it another way'),
	('refund', 'stuck', 'void', 'another number takes its place');
CREATE FUNCTION state_move_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM state_move
		WHERE entity = TG_TABLE_NAME AND was = OLD.state AND becomes = NEW.state) THEN
		RAISE EXCEPTION '% % can not go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_move', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- What is given back of a period that is cancelled so many hours before its
-- start: the tier with the most hours that still fits; none: nothing.
CREATE FUNCTION refund_tiers_ok(tiers jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	tier jsonb;
	last bigint;
	hours bigint;
BEGIN
	IF jsonb_typeof(tiers) <> 'array' OR jsonb_array_length(tiers) > 10 THEN
		RETURN false;
	END IF;
	FOR tier IN SELECT * FROM jsonb_array_elements(tiers) LOOP
		IF jsonb_typeof(tier) <> 'object' OR NOT tier ?& '{hours,percent,fee_fen}'
			OR tier - '{hours,percent,fee_fen}'::text[] <> '{}' THEN
			RETURN false;
		END IF;
		hours := (tier->>'hours')::bigint;
		IF hours NOT BETWEEN 0 AND 8760 OR hours >= last
			OR (tier->>'percent')::bigint NOT BETWEEN 0 AND 100
			OR (tier->>'fee_fen')::bigint NOT BETWEEN 0 AND 1000000 THEN
			RETURN false;
		END IF;
		last := hours; -- the most hours come first, none twice
	END LOOP;
	RETURN true;
EXCEPTION WHEN data_exception THEN -- a word, a fraction
	RETURN false;
END $$;

ALTER TABLE venue
	ADD refund_tiers jsonb NOT NULL DEFAULT '[{"hours": 24, "percent": 100, "fee_fen": 0}]',
	ADD CONSTRAINT venue_refund_tiers_form CHECK (refund_tiers_ok(refund_tiers));

-- An order that is to end is closing first: its courts stay held until the
-- channel can't be paid any more. `unconfirmed`: the channel was silent for too
-- long, the courts were freed without its word.
ALTER TABLE orders
	ADD refund_tiers jsonb NOT NULL DEFAULT '[]', -- as they were when it was sold
	ADD refunded_fen bigint NOT NULL DEFAULT 0,   -- decided, of paid_fen
	ADD closing_to   text,
	ADD closing_at   timestamptz,
	ADD closed_at    timestamptz,
	ADD run_at       timestamptz,
	ADD tries        bigint NOT NULL DEFAULT 0,
	ADD unconfirmed  boolean NOT NULL DEFAULT false,
	ADD CONSTRAINT orders_closing_to_known CHECK (closing_to IN ('expired', 'cancelled')),
	ADD CONSTRAINT orders_closing_is_due CHECK (state <> 'closing'
		OR (closing_to IS NOT NULL AND closing_at IS NOT NULL AND run_at IS NOT NULL)),
	ADD CONSTRAINT orders_closed_has_time CHECK (state NOT IN ('expired', 'cancelled') OR closed_at IS NOT NULL),
	ADD CONSTRAINT orders_refunded_range CHECK (refunded_fen BETWEEN 0 AND paid_fen),
	ADD CONSTRAINT orders_pay_state_true CHECK (pay_state = CASE WHEN paid_at IS NULL THEN 'unpaid'
		WHEN refunded_fen = 0 THEN 'paid' WHEN refunded_fen < paid_fen THEN 'part_refunded' ELSE 'refunded' END);
CREATE INDEX orders_closing ON orders (run_at) WHERE state = 'closing';
CREATE INDEX orders_play_date ON orders (venue_id, play_date DESC, id DESC);
DROP INDEX orders_venue_day;

ALTER TABLE order_item
	ADD released_at timestamptz,
	ADD refund_fen  bigint, -- given back by the rule when it was cancelled
	ADD refund_id   bigint,
	ADD CONSTRAINT order_item_released_has_time CHECK ((state = 'released') = (released_at IS NOT NULL)),
	ADD CONSTRAINT order_item_refund_range CHECK (refund_fen BETWEEN 0 AND price_fen);

-- ask_at: when the channel is asked next what became of it.
-- refunded_fen: the sum of its refunds that are not void, whatever their state.
ALTER TABLE payment_attempt
	ADD refunded_fen bigint NOT NULL DEFAULT 0,
	ADD ask_at       timestamptz NOT NULL DEFAULT now() + interval '5 seconds',
	ADD asked        bigint NOT NULL DEFAULT 0,
	ADD CONSTRAINT payment_attempt_refunded_range CHECK (refunded_fen BETWEEN 0 AND
		CASE WHEN transaction_id IS NULL THEN 0 ELSE amount_fen END);
CREATE INDEX payment_attempt_ask ON payment_attempt (ask_at) WHERE state IN ('created', 'prepaid');
CREATE INDEX payment_attempt_paid_at ON payment_attempt (paid_at) WHERE paid_at IS NOT NULL;

ALTER TABLE notify_log DROP CONSTRAINT notify_log_outcome_known;
ALTER TABLE notify_log ADD CONSTRAINT notify_log_outcome_known CHECK (outcome IN
	('paid', 'retaken', 'repeat', 'unknown_number', 'wrong_merchant', 'wrong_amount', 'not_success',
	 'late', 'surplus', 'refund', 'refund_unknown', 'refund_differs', 'other'));
DROP INDEX notify_log_trouble;
CREATE INDEX notify_log_trouble ON notify_log (received_at)
	WHERE outcome NOT IN ('paid', 'retaken', 'repeat', 'refund');

-- Money on its way back. The row, its number and the very bytes to send are
-- there before the channel is called; the sum is reserved on the attempt by
-- the same transaction.
-- created → accepted (the channel works on it) → succeeded; stuck: nobody but
-- people can help; by_hand: they have paid it another way; void: ended for
-- good by the channel without money, another row takes its place.
CREATE TABLE refund (
	id            bigint PRIMARY KEY,
	order_id      bigint NOT NULL CONSTRAINT refund_order_fk REFERENCES orders,
	attempt_id    bigint NOT NULL CONSTRAINT refund_attempt_fk REFERENCES payment_attempt,
	venue_id      bigint NOT NULL CONSTRAINT refund_venue_fk REFERENCES venue,
	out_refund_no text NOT NULL CONSTRAINT refund_out_refund_no_key UNIQUE,
	amount_fen    bigint NOT NULL,
	cause         text NOT NULL,
	reason        text NOT NULL, -- the customer reads it
	by_account    bigint CONSTRAINT refund_by_account_fk REFERENCES account,
	replaces      bigint CONSTRAINT refund_replaces_key UNIQUE CONSTRAINT refund_replaces_fk REFERENCES refund,
	request       text NOT NULL,
	state         text NOT NULL DEFAULT 'created',
	channel_no    text, -- the channel's own number
	trouble       text, -- why it is stuck, or why the last try failed
	tries         bigint NOT NULL DEFAULT 0,
	run_at        timestamptz NOT NULL DEFAULT now(),
	sent_at       timestamptz,
	created_at    timestamptz NOT NULL DEFAULT now(),
	done_at       timestamptz,
	CONSTRAINT refund_amount CHECK (amount_fen > 0),
	CONSTRAINT refund_cause_known CHECK (cause IN ('cancel', 'staff', 'late', 'surplus', 'reconcile')),
	CONSTRAINT refund_state_known CHECK (state IN ('created', 'accepted', 'succeeded', 'stuck', 'by_hand', 'void')),
	CONSTRAINT refund_done_has_time CHECK ((state IN ('succeeded', 'by_hand', 'void')) = (done_at IS NOT NULL)),
	CONSTRAINT refund_staff_named CHECK (cause <> 'staff' OR by_account IS NOT NULL),
	CONSTRAINT refund_stuck_says_why CHECK (state <> 'stuck' OR trouble IS NOT NULL)
);
CREATE INDEX refund_order ON refund (order_id);
CREATE INDEX refund_attempt ON refund (attempt_id);
CREATE INDEX refund_due ON refund (run_at) WHERE state IN ('created', 'accepted');
ALTER TABLE order_item ADD CONSTRAINT order_item_refund_fk FOREIGN KEY (refund_id) REFERENCES refund;

-- Who let courts go to waste. Counted since the last ban.
CREATE TABLE violation (
	id          bigint PRIMARY KEY,
	account_id  bigint NOT NULL CONSTRAINT violation_account_fk REFERENCES account,
	order_id    bigint NOT NULL CONSTRAINT violation_order_fk REFERENCES orders,
	kind        text NOT NULL,
	at          timestamptz NOT NULL DEFAULT now(),
	lifted_at   timestamptz,
	lifted_by   bigint CONSTRAINT violation_lifted_by_fk REFERENCES account,
	lift_reason text,
	CONSTRAINT violation_kind_known CHECK (kind IN ('expired')),
	CONSTRAINT violation_order_key UNIQUE (order_id, kind),
	CONSTRAINT violation_lift_has_reason CHECK ((lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX violation_account ON violation (account_id, at);
CREATE TABLE ban (
	id          bigint PRIMARY KEY,
	account_id  bigint NOT NULL CONSTRAINT ban_account_fk REFERENCES account,
	since       timestamptz NOT NULL DEFAULT now(),
	until       timestamptz NOT NULL,
	reason      text NOT NULL,
	lifted_at   timestamptz,
	lifted_by   bigint CONSTRAINT ban_lifted_by_fk REFERENCES account,
	lift_reason text,
	CONSTRAINT ban_life CHECK (until > since),
	CONSTRAINT ban_lift_has_reason CHECK ((lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX ban_account ON ban (account_id, until);

-- What only people can settle. `key` names the trouble, so that finding it
-- again makes no second entry.
CREATE TABLE work_item (
	id        bigint PRIMARY KEY,
	key       text NOT NULL CONSTRAINT work_item_key UNIQUE,
	kind      text NOT NULL,
	venue_id  bigint CONSTRAINT work_item_venue_fk REFERENCES venue,
	order_id  bigint CONSTRAINT work_item_order_fk REFERENCES orders,
	refund_id bigint CONSTRAINT work_item_refund_fk REFERENCES refund,
	detail    jsonb NOT NULL,
	opened_at timestamptz NOT NULL DEFAULT now(),
	done_at   timestamptz,
	done_by   bigint CONSTRAINT work_item_done_by_fk REFERENCES account,
	note      text,
	CONSTRAINT work_item_kind_known CHECK (kind IN ('refund_stuck', 'strange_payment', 'reconcile')),
	CONSTRAINT work_item_done_by_whom CHECK ((done_at IS NULL) = (note IS NULL))
);
CREATE INDEX work_item_open ON work_item (opened_at) WHERE done_at IS NULL;

CREATE TRIGGER orders_move BEFORE UPDATE OF state ON orders FOR EACH ROW
	WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_move_check();
CREATE TRIGGER order_item_move BEFORE UPDATE OF state ON order_item FOR EACH ROW
	WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_move_check();
CREATE TRIGGER payment_attempt_move BEFORE UPDATE OF state ON payment_attempt FOR EACH ROW
	WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_move_check();
CREATE TRIGGER refund_move BEFORE UPDATE OF state ON refund FOR EACH ROW
	WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_move_check();

-- Every fen of a day's payments (China's day, by the channel's time), where it
-- is: with the orders that it paid, on its way back or back, or nowhere yet.
-- The two sides come from different tables; gap_fen is to be 0.
CREATE VIEW ledger_day AS
WITH money AS (
	SELECT (a.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, a.channel, a.id, a.order_id, a.state,
		a.amount_fen, a.refunded_fen
	FROM payment_attempt a WHERE a.paid_at IS NOT NULL
), back AS (
	SELECT r.attempt_id, sum(r.amount_fen) AS fen,
		sum(r.amount_fen) FILTER (WHERE r.state IN ('succeeded', 'by_hand')) AS done_fen,
		sum(r.amount_fen) FILTER (WHERE r.state = 'stuck') AS stuck_fen
	FROM refund r WHERE r.state <> 'void' GROUP BY r.attempt_id
)
SELECT m.day, m.channel, count(*) AS attempts,
	sum(m.amount_fen)::bigint AS paid_fen,
	coalesce(sum(b.fen), 0)::bigint AS refunds_fen,
	coalesce(sum(b.done_fen), 0)::bigint AS refunds_done_fen,
	coalesce(sum(b.stuck_fen), 0)::bigint AS refunds_stuck_fen,
	coalesce(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE m.state = 'paid'), 0)::bigint AS orders_fen,
	coalesce(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state = 'surplus'), 0)::bigint AS open_fen,
	(sum(m.amount_fen) - coalesce(sum(b.fen), 0)
		- coalesce(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE m.state = 'paid'), 0)
		- coalesce(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state = 'surplus'), 0))::bigint AS gap_fen
FROM money m JOIN orders o ON o.id = m.order_id LEFT JOIN back b ON b.attempt_id = m.id
GROUP BY m.day, m.channel;

INSERT INTO role_permission VALUES
	('operator', 'order'), ('operator', 'refund'), ('operator', 'ban'), ('operator', 'work'),
	('admin', 'order'), ('admin', 'refund'), ('admin', 'ban'), ('admin', 'work');

GRANT SELECT, INSERT, UPDATE ON refund, violation, ban, work_item TO zx;
GRANT SELECT ON ledger_day, state_move TO zx;
