-- Orders, what they hold, and the money.

CREATE TABLE orders (
	id          bigint PRIMARY KEY,
	no          text NOT NULL CONSTRAINT orders_no_key UNIQUE,
	account_id  bigint NOT NULL CONSTRAINT orders_account_fk REFERENCES account,
	venue_id    bigint NOT NULL CONSTRAINT orders_venue_fk REFERENCES venue,
	play_date   date NOT NULL,
	state       text NOT NULL DEFAULT 'pending',
	pay_state   text NOT NULL DEFAULT 'unpaid',
	amount_fen  bigint NOT NULL,
	paid_fen    bigint NOT NULL DEFAULT 0,
	note        text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	expires_at  timestamptz NOT NULL,
	paid_at     timestamptz,
	CONSTRAINT orders_no_form CHECK (no ~ '^[0-9]{18,24}$'),
	CONSTRAINT orders_state_known CHECK (state IN ('pending', 'closing', 'expired', 'cancelled', 'paid')),
	CONSTRAINT orders_pay_state_known CHECK (pay_state IN ('unpaid', 'paid', 'part_refunded', 'refunded')),
	CONSTRAINT orders_amount_range CHECK (amount_fen >= 0),
	CONSTRAINT orders_paid_is_amount CHECK (paid_fen IN (0, amount_fen)),
	CONSTRAINT orders_paid_has_time CHECK ((state = 'paid') <= (paid_at IS NOT NULL)),
	CONSTRAINT orders_paid_has_money CHECK ((pay_state = 'unpaid') = (paid_at IS NULL))
);
CREATE INDEX orders_account ON orders (account_id, created_at DESC, id DESC);
CREATE INDEX orders_venue_day ON orders (venue_id, play_date);
CREATE INDEX orders_unpaid ON orders (expires_at) WHERE state IN ('pending', 'closing');

CREATE TABLE order_item (
	id        bigint PRIMARY KEY,
	order_id  bigint NOT NULL CONSTRAINT order_item_order_fk REFERENCES orders,
	venue_id  bigint NOT NULL,
	court_id  bigint NOT NULL,
	during    tstzrange NOT NULL,
	price_fen bigint NOT NULL,
	state     text NOT NULL DEFAULT 'held',
	CONSTRAINT order_item_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court (id, venue_id),
	CONSTRAINT order_item_during CHECK (lower_inc(during) AND NOT upper_inc(during)
		AND NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL),
	CONSTRAINT order_item_price CHECK (price_fen >= 0),
	CONSTRAINT order_item_state_known CHECK (state IN ('held', 'booked', 'used', 'released'))
);
CREATE INDEX order_item_order ON order_item (order_id);

-- A court closed for a while by staff (maintenance, an event).
CREATE TABLE court_block (
	id         bigint PRIMARY KEY,
	venue_id   bigint NOT NULL,
	court_id   bigint NOT NULL,
	during     tstzrange NOT NULL,
	reason     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT court_block_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court (id, venue_id),
	CONSTRAINT court_block_during CHECK (NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL)
);

-- The rule that no court is sold twice: one row per unit and half hour, for
-- whatever holds it. Rows are inserted in the key's order by one statement,
-- so that two orders never wait for each other in a circle.
CREATE TABLE occupancy (
	unit_id  bigint NOT NULL CONSTRAINT occupancy_unit_fk REFERENCES unit,
	at       timestamptz NOT NULL,
	item_id  bigint CONSTRAINT occupancy_item_fk REFERENCES order_item,
	block_id bigint CONSTRAINT occupancy_block_fk REFERENCES court_block,
	CONSTRAINT occupancy_pkey PRIMARY KEY (unit_id, at),
	CONSTRAINT occupancy_one_holder CHECK (num_nonnulls(item_id, block_id) = 1),
	CONSTRAINT occupancy_step CHECK (extract(epoch FROM at)::bigint % 1800 = 0)
);
CREATE INDEX occupancy_item ON occupancy (item_id);
CREATE INDEX occupancy_block ON occupancy (block_id) WHERE block_id IS NOT NULL;

-- How many periods a person holds on a play day; the limit in force is written
-- with the count, so that the constraint itself refuses the one too many.
CREATE TABLE booking_day (
	account_id bigint NOT NULL CONSTRAINT booking_day_account_fk REFERENCES account,
	play_date  date NOT NULL,
	periods    bigint NOT NULL,
	allowed    bigint NOT NULL,
	CONSTRAINT booking_day_pkey PRIMARY KEY (account_id, play_date),
	CONSTRAINT booking_day_within_limit CHECK (periods BETWEEN 0 AND allowed)
);

-- One try to pay an order through a channel: one out_trade_no. Money that came
-- without an order to fulfil is surplus. The request is
-- kept as sent: WeChat refuses a repeat that differs in any parameter.
CREATE TABLE payment_attempt (
	id             bigint PRIMARY KEY,
	order_id       bigint NOT NULL CONSTRAINT payment_attempt_order_fk REFERENCES orders,
	channel        text NOT NULL,
	method         text NOT NULL,
	out_trade_no   text NOT NULL CONSTRAINT payment_attempt_out_trade_no_key UNIQUE,
	amount_fen     bigint NOT NULL,
	state          text NOT NULL DEFAULT 'created',
	request        text NOT NULL,
	prepay         text,
	prepaid_at     timestamptz,
	transaction_id text,
	payer          text,
	paid_at        timestamptz,
	created_at     timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT payment_attempt_channel_known CHECK (channel IN ('wechat', 'alipay')),
	CONSTRAINT payment_attempt_method_known CHECK (method IN ('jsapi', 'native')),
	CONSTRAINT payment_attempt_state_known CHECK (state IN ('created', 'prepaid', 'closed', 'paid', 'surplus')),
	CONSTRAINT payment_attempt_paid_has_proof CHECK ((state IN ('paid', 'surplus')) = (transaction_id IS NOT NULL)),
	CONSTRAINT payment_attempt_amount CHECK (amount_fen > 0)
);
CREATE INDEX payment_attempt_order ON payment_attempt (order_id);
CREATE UNIQUE INDEX payment_attempt_paid_once ON payment_attempt (order_id) WHERE state = 'paid';
CREATE UNIQUE INDEX payment_attempt_transaction_key ON payment_attempt (channel, transaction_id);
CREATE UNIQUE INDEX payment_attempt_open_once ON payment_attempt (order_id, channel, method)
	WHERE state IN ('created', 'prepaid');

-- Every notice that carried a good signature, once, and what became of it.
CREATE TABLE notify_log (
	channel      text NOT NULL,
	notice_id    text NOT NULL,
	event        text NOT NULL,
	out_trade_no text,
	plaintext    text NOT NULL,
	outcome      text NOT NULL,
	repeats      bigint NOT NULL DEFAULT 0,
	received_at  timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT notify_log_pkey PRIMARY KEY (channel, notice_id),
	CONSTRAINT notify_log_outcome_known CHECK (outcome IN
		('paid', 'repeat', 'unknown_number', 'wrong_merchant', 'wrong_amount', 'not_success', 'late', 'other'))
);
CREATE INDEX notify_log_trouble ON notify_log (received_at) WHERE outcome NOT IN ('paid', 'repeat');

CREATE TABLE checkin_code (
	order_id   bigint PRIMARY KEY CONSTRAINT checkin_code_order_fk REFERENCES orders,
	short_code text NOT NULL CONSTRAINT checkin_code_short_key UNIQUE,
	nonce      text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT checkin_code_short_form CHECK (short_code ~ '^[0-9]{10}$')
);

-- An item is used once.
CREATE TABLE checkin (
	item_id    bigint CONSTRAINT checkin_pkey PRIMARY KEY CONSTRAINT checkin_item_fk REFERENCES order_item,
	order_id   bigint NOT NULL CONSTRAINT checkin_order_fk REFERENCES orders,
	venue_id   bigint NOT NULL CONSTRAINT checkin_venue_fk REFERENCES venue,
	staff_id   bigint NOT NULL CONSTRAINT checkin_staff_fk REFERENCES account,
	method     text NOT NULL,
	at         timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT checkin_method_known CHECK (method IN ('scan', 'typed', 'number'))
);

-- Every try, also the refused ones.
CREATE TABLE checkin_try (
	id       bigint PRIMARY KEY,
	order_id bigint,
	staff_id bigint NOT NULL,
	method   text NOT NULL,
	result   text NOT NULL,
	at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX checkin_try_order ON checkin_try (order_id);

GRANT SELECT, INSERT, UPDATE ON orders, order_item, booking_day, payment_attempt, notify_log TO zx;
GRANT SELECT, INSERT, DELETE ON occupancy TO zx;
GRANT SELECT ON court_block TO zx;
GRANT SELECT, INSERT ON checkin_code, checkin, checkin_try TO zx;
