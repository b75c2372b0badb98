-- People: members of staff and what they may do, who is disabled, who has left.

-- version counts the changes of a member's row, name and roles (If-Match). Who
-- has left stays as a row without a person, for the sake of orders and money.
ALTER TABLE account
	ADD version         bigint NOT NULL DEFAULT 1,
	ADD disabled_reason text,
	ADD left_at         timestamptz,
	ADD CONSTRAINT account_reason_of_disabled CHECK (disabled_reason IS NULL OR disabled_at IS NOT NULL),
	ADD CONSTRAINT account_left_is_nobody CHECK (left_at IS NULL OR (phone IS NULL
		AND nickname = '已注销用户' AND disabled_at IS NOT NULL AND disabled_reason IS NULL));

ALTER TABLE role ADD at_venue boolean NOT NULL DEFAULT false; -- is given for one venue each time
UPDATE role SET at_venue = true WHERE code = 'operator';
ALTER TABLE account_role
	ADD CONSTRAINT account_role_others_have_no_venue CHECK (role = 'operator' OR venue_id IS NULL);

-- A new member has no password until an admin sets one.
ALTER TABLE staff_login
	ALTER password_hash SET DEFAULT '!',
	ADD has_password boolean NOT NULL GENERATED ALWAYS AS (password_hash LIKE '$%') STORED;

INSERT INTO role_permission VALUES
	('operator', 'user.see'), ('admin', 'user.see'), ('admin', 'user.phone'), ('admin', 'user.disable'),
	('admin', 'member'),
	('operator', 'staff.password'), ('editor', 'staff.password'), ('admin', 'staff.password');

-- Has somebody a permission anywhere; for what it adds to an answer.
CREATE FUNCTION account_may(who bigint, wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT EXISTS (SELECT 1 FROM account_role ar JOIN role_permission rp ON rp.role = ar.role
		WHERE ar.account_id = who AND rp.permission = wanted)
$$;

-- Somebody is left who can log in and set everything right again. The lock
-- makes one of two such changes see the other.
CREATE FUNCTION keep_an_admin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_TABLE_NAME = 'account' THEN
		IF NOT EXISTS (SELECT 1 FROM account_role WHERE account_id = OLD.id AND role = 'admin') THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('last_admin', 0));
	IF NOT EXISTS (SELECT 1 FROM account_role r JOIN account a ON a.id = r.account_id
		JOIN staff_login l ON l.account_id = a.id
		WHERE r.role = 'admin' AND a.disabled_at IS NULL AND l.has_password) THEN
		RAISE EXCEPTION 'no admin would be left'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'last_admin', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER account_keeps_admin AFTER UPDATE OF disabled_at ON account FOR EACH ROW
	WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION keep_an_admin();
CREATE TRIGGER account_role_keeps_admin AFTER UPDATE OR DELETE ON account_role FOR EACH ROW
	WHEN (OLD.role = 'admin') EXECUTE FUNCTION keep_an_admin();
CREATE TRIGGER staff_login_keeps_admin AFTER UPDATE OF password_hash ON staff_login FOR EACH ROW
	WHEN (OLD.has_password AND NOT NEW.has_password) EXECUTE FUNCTION keep_an_admin();

-- Who is disabled or leaves is signed out by the same transaction. A login holds
-- the account's row while it makes its session, so neither misses the other.
CREATE FUNCTION end_sessions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	UPDATE session SET ended_at = now(),
		ended_why = CASE WHEN NEW.left_at IS NULL THEN 'disabled' ELSE 'deleted' END
		WHERE account_id = NEW.id AND ended_at IS NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER account_ends_sessions AFTER UPDATE OF disabled_at, left_at ON account FOR EACH ROW
	WHEN (NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION end_sessions();

-- What is left of a person who has gone while something was held against him:
-- keyed hashes of the phone and the openids (lib/account/leave.h).
CREATE TABLE left_mark (
	mark       text NOT NULL,
	account_id bigint NOT NULL CONSTRAINT left_mark_account_fk REFERENCES account,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT left_mark_pkey PRIMARY KEY (mark, account_id),
	CONSTRAINT left_mark_form CHECK (mark ~ '^[0-9a-f]{64}$')
);
CREATE INDEX left_mark_age ON left_mark (created_at);

-- What a channel says, without whom: openids, Alipay's buyer, bank accounts; as
-- JSON or as a form.
CREATE FUNCTION without_payer(told text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(regexp_replace(told,
		'"(openid|sub_openid|buyer_\w+|user_received_account)"\s*:\s*"(?:\\.|[^"\\])*"', '"\1":""', 'g'),
		'(^|&)(buyer_(?:open_id|id|user_id|logon_id|user_name))=[^&]*', '\1\2=', 'g')
$$;

-- Channels may still tell of the payments of somebody who has left.
CREATE FUNCTION payer_has_left(number text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT 1 FROM payment_attempt p JOIN orders o ON o.id = p.order_id
		JOIN account a ON a.id = o.account_id
		WHERE p.out_trade_no = number AND a.left_at IS NOT NULL)
$$;
CREATE FUNCTION forget_payer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF payer_has_left(NEW.out_trade_no) THEN
		IF TG_TABLE_NAME = 'notify_log' THEN
			NEW.plaintext := without_payer(NEW.plaintext);
		ELSE
			NEW.payer := NULL;
		END IF;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER notify_log_forgets BEFORE INSERT ON notify_log FOR EACH ROW
	WHEN (NEW.out_trade_no IS NOT NULL) EXECUTE FUNCTION forget_payer();
CREATE TRIGGER payment_attempt_forgets BEFORE UPDATE OF payer ON payment_attempt FOR EACH ROW
	WHEN (NEW.payer IS NOT NULL) EXECUTE FUNCTION forget_payer();
CREATE INDEX notify_log_number ON notify_log (out_trade_no) WHERE out_trade_no IS NOT NULL;

-- A person goes; orders and money stay. The caller holds the rows of the orders
-- and of the account, and has found nothing open. Answers that are kept for
-- repeats go too, also those to staff that tell of this person.
CREATE FUNCTION account_leave(who bigint, marks_days bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	UPDATE account SET nickname = '已注销用户', phone = NULL, disabled_at = coalesce(disabled_at, now()),
		disabled_reason = NULL, left_at = now(), version = version + 1
		WHERE id = who AND left_at IS NULL;
	DELETE FROM wechat_identity WHERE account_id = who;
	DELETE FROM inbox WHERE account_id = who;
	DELETE FROM idempotency WHERE account_id = who OR (account_id IN (SELECT account_id FROM staff_login)
		AND answer ~ ('"id": ?' || who || '[,}]'));
	UPDATE orders SET note = NULL WHERE account_id = who AND note IS NOT NULL;
	UPDATE notify_log SET plaintext = without_payer(plaintext) WHERE out_trade_no IN
		(SELECT p.out_trade_no FROM payment_attempt p JOIN orders o ON o.id = p.order_id WHERE o.account_id = who);
	UPDATE payment_attempt p SET payer = NULL, request = without_payer(request)
		FROM orders o WHERE o.id = p.order_id AND o.account_id = who;
	DELETE FROM left_mark WHERE created_at < now() - make_interval(days => marks_days::int);
END $$;

REVOKE EXECUTE ON FUNCTION account_leave(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_leave(bigint, bigint) TO zx;
GRANT SELECT, INSERT ON left_mark TO zx;
GRANT SELECT, INSERT (id, nickname, phone),
	UPDATE (nickname, phone, disabled_at, disabled_reason, version) ON account TO zx_staff;
GRANT SELECT (account_id, username, failed, locked_until, changed_at, must_change, has_password),
	INSERT (account_id, username) ON staff_login TO zx_staff;
GRANT SELECT, INSERT, DELETE ON account_role TO zx_staff;
GRANT SELECT ON role, role_permission TO zx_staff;

-- Logins by WeChat scan and by SMS.

-- A scan that was begun (lib/account/scan.h): digests of the state in the QR
-- page's address and of the cookie of the browser that shows it. Gone when spent.
CREATE TABLE login_state (
	state      text PRIMARY KEY,
	browser    text NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT login_state_digests CHECK (length(state) = 64 AND length(browser) = 64)
);
CREATE INDEX login_state_age ON login_state (expires_at);

-- Codes by SMS (lib/account/sms.h): a row for each time that one was asked for,
-- whoever's phone it is. taken_at: the daemon has looked; sent_at: it was the phone
-- of a member of staff. Rows go after two days.
CREATE TABLE sms_code (
	id        bigint PRIMARY KEY,
	phone     text NOT NULL,
	code_hash text,
	tries     bigint NOT NULL DEFAULT 0,
	asked_at  timestamptz NOT NULL DEFAULT now(),
	taken_at  timestamptz,
	sent_at   timestamptz,
	ended_at  timestamptz, -- used, guessed at too often, or followed by another
	CONSTRAINT sms_code_phone_form CHECK (phone ~ '^1[3-9][0-9]{9}$'),
	CONSTRAINT sms_code_tries_range CHECK (tries BETWEEN 0 AND 5),
	CONSTRAINT sms_code_sent_whole CHECK ((sent_at IS NULL) = (code_hash IS NULL))
);
CREATE UNIQUE INDEX sms_code_one_living ON sms_code (phone) WHERE ended_at IS NULL;
CREATE INDEX sms_code_of_phone ON sms_code (phone, asked_at);
CREATE INDEX sms_code_age ON sms_code (asked_at);
CREATE INDEX sms_code_waiting ON sms_code (asked_at) WHERE taken_at IS NULL AND ended_at IS NULL;
CREATE INDEX sms_code_sent ON sms_code (sent_at) WHERE sent_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON login_state, sms_code TO zx;
GRANT DELETE ON wechat_identity TO zx;
