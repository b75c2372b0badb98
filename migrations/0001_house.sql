-- What every part stands on: ids, people, roles, sessions, messages, repeats.
-- Roles of the database: zx_owner owns the schema and runs the migrations;
-- zx is the application and gets only what it needs.

CREATE SEQUENCE id_block START 4; -- one value is a block of 256 ids (lib/io/db.h)
GRANT USAGE ON SEQUENCE id_block TO zx;

CREATE TABLE account (
	id          bigint PRIMARY KEY,
	nickname    text NOT NULL DEFAULT '',
	phone       text,
	disabled_at timestamptz,
	created_at  timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT account_phone_form CHECK (phone ~ '^1[3-9][0-9]{9}$'),
	CONSTRAINT account_nickname_length CHECK (length(nickname) <= 64)
);
CREATE UNIQUE INDEX account_phone_key ON account (phone) WHERE phone IS NOT NULL;

-- A person may come through several apps; openids differ per app, a unionid
-- joins them where WeChat gives one.
CREATE TABLE wechat_identity (
	appid      text NOT NULL,
	openid     text NOT NULL,
	unionid    text,
	account_id bigint NOT NULL CONSTRAINT wechat_identity_account_fk REFERENCES account,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT wechat_identity_pkey PRIMARY KEY (appid, openid),
	CONSTRAINT wechat_identity_unionid_some CHECK (unionid <> '')
);
CREATE INDEX wechat_identity_account ON wechat_identity (account_id);
CREATE INDEX wechat_identity_unionid ON wechat_identity (unionid) WHERE unionid IS NOT NULL;

CREATE TABLE staff_login (
	account_id    bigint PRIMARY KEY CONSTRAINT staff_login_account_fk REFERENCES account,
	username      text NOT NULL,
	password_hash text NOT NULL,
	failed        bigint NOT NULL DEFAULT 0,
	locked_until  timestamptz,
	changed_at    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT staff_login_username_key UNIQUE (username),
	CONSTRAINT staff_login_username_form CHECK (username ~ '^[a-z][a-z0-9._-]{1,31}$')
);

CREATE TABLE role (
	code text PRIMARY KEY,
	name text NOT NULL
);
CREATE TABLE role_permission (
	role       text NOT NULL CONSTRAINT role_permission_role_fk REFERENCES role,
	permission text NOT NULL,
	CONSTRAINT role_permission_pkey PRIMARY KEY (role, permission)
);
INSERT INTO role VALUES ('operator', '运营人员'), ('editor', '内容编辑'), ('admin', '管理员');
INSERT INTO role_permission VALUES
	('operator', 'staff'), ('operator', 'checkin'),
	('editor', 'staff'),
	('admin', 'staff'), ('admin', 'checkin');

CREATE TABLE session (
	id         bigint PRIMARY KEY,
	account_id bigint NOT NULL CONSTRAINT session_account_fk REFERENCES account,
	client     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	ended_at   timestamptz,
	ended_why  text,
	CONSTRAINT session_client_known CHECK (client IN ('mini', 'staff')),
	CONSTRAINT session_life CHECK (expires_at > created_at),
	CONSTRAINT session_end_reason CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX session_account_live ON session (account_id, client) WHERE ended_at IS NULL;

-- The message table (transactional outbox). A row is written in the
-- transaction of the thing that happened; the relay publishes it later.
CREATE TABLE message (
	id           bigint PRIMARY KEY,
	kind         text NOT NULL,
	subject_id   bigint NOT NULL,
	body         jsonb NOT NULL,
	created_at   timestamptz NOT NULL DEFAULT now(),
	published_at timestamptz,
	attempts     bigint NOT NULL DEFAULT 0,
	run_at       timestamptz NOT NULL DEFAULT now(),
	last_error   text,
	CONSTRAINT message_kind_form CHECK (kind ~ '^[a-z_]+\.[a-z_]+$')
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX message_waiting ON message (run_at, id) WHERE published_at IS NULL;
CREATE INDEX message_age ON message USING brin (created_at);

-- What a consumer has done, so that a message delivered twice acts once.
CREATE TABLE message_done (
	consumer   text NOT NULL,
	message_id bigint NOT NULL CONSTRAINT message_done_message_fk REFERENCES message ON DELETE CASCADE,
	done_at    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT message_done_pkey PRIMARY KEY (message_id, consumer)
);

-- The tries of a consumer that did not end well: a crash or an error. After
-- five the message is dead.
CREATE TABLE message_try (
	consumer   text NOT NULL,
	message_id bigint NOT NULL CONSTRAINT message_try_message_fk REFERENCES message ON DELETE CASCADE,
	tries      bigint NOT NULL,
	last_error text,
	CONSTRAINT message_try_pkey PRIMARY KEY (message_id, consumer)
);

-- Deliveries that a consumer gave up on; kept for staff to look at and replay.
CREATE TABLE message_dead (
	consumer   text NOT NULL,
	message_id bigint NOT NULL,
	kind       text NOT NULL,
	body       text NOT NULL,
	reason     text NOT NULL,
	attempts   bigint NOT NULL,
	died_at    timestamptz NOT NULL DEFAULT now(),
	replayed_at timestamptz,
	CONSTRAINT message_dead_pkey PRIMARY KEY (message_id, consumer, died_at)
);

-- Answers to unsafe requests, by the caller's key: a repeat gets the same bytes.
CREATE TABLE idempotency (
	account_id bigint NOT NULL,
	key        text NOT NULL,
	digest     text NOT NULL,
	status     bigint NOT NULL,
	answer     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key),
	CONSTRAINT idempotency_key_length CHECK (length(key) BETWEEN 1 AND 255)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX idempotency_age ON idempotency USING brin (created_at);

GRANT SELECT, INSERT, UPDATE ON account, wechat_identity, staff_login, session, message TO zx;
GRANT SELECT ON role, role_permission TO zx;
GRANT SELECT, INSERT ON message_done, idempotency TO zx;
GRANT SELECT, INSERT, UPDATE ON message_dead TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON message_try TO zx;
GRANT DELETE ON message, idempotency, session TO zx;
