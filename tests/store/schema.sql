-- The schema in force: the database as it is after all migrations. To be read, not to be edited: a new
-- migration changes it, then `make schema` writes this anew; tests/store/test_schema.py compares the two.
--
-- `-- 0014_scale.sql (0008_account.sql)`: 0014 states it last and is in force, what 0008 says of it counts
-- no more. Columns without a remark are of the table's own migration. Comments are the migrations', headed
-- by the number where several have one. Expressions are as PostgreSQL gives them back. Everything belongs
-- to zx_owner. Left out: schema_migration, the journal of jobs/migrate.c.


-- Who may what ----------------------------------------------------------------------------------------------

-- What roles of staff may do: the rows of role_permission.
--                   admin  editor  manager  operator
--   audit           x              x
--   ban             x              x        x
--   catalog         x
--   checkin         x              x        x
--   member          x              x
--   order           x              x        x
--   refund          x              x        x
--   refund.any      x              x
--   role            x
--   staff           x      x       x        x
--   staff.password  x      x       x        x
--   user.disable    x
--   user.phone      x
--   user.see        x              x        x
--   venue           x              x
--   venue.create    x
--   venue.see       x              x        x
--   work            x              x        x

-- What the program's roles may do; * some columns only, named at the table.
--                            zx                           zx_staff
--   account                  select insert update         select insert* update*
--   wechat_identity          select insert update delete
--   left_mark                select insert
--   session                  select insert update delete
--   staff_login              select insert update         select* insert*
--   login_miss               select insert update delete
--   login_place              select insert update delete
--   login_state              select insert update delete
--   sms_code                 select insert update delete
--   role                     select                       select
--   permission               select                       select
--   role_permission          select                       select
--   account_role             select                       select insert delete
--   staff_past
--   audit_log                                             select
--   audit_in_scope                                        select
--   sport                    select                       select insert update delete
--   venue                    select                       select insert update delete
--   venue_sport              select                       select insert update delete
--   court                    select                       select insert update delete
--   unit                     select                       select insert update delete
--   court_unit               select                       select insert update delete
--   opening                  select                       select insert update delete
--   opening_exception        select                       select insert update delete
--   opening_exception_hours  select                       select insert update delete
--   calendar_day             select                       select insert update delete
--   court_block              select                       select insert update delete
--   price_rule               select                       select insert update delete
--   venue_frame              select                       select
--   orders                   select insert update         select update*
--   order_item               select insert update         select update*
--   occupancy                select insert delete         select insert delete
--   outside_item             select update                select insert update delete
--   booking_day              select insert update         select update*
--   state_move               select                       select
--   venue_customer                                        select
--   violation                select insert update         select update*
--   ban                      select insert update         select update*
--   checkin_code             select insert                select
--   checkin                  select insert                select insert delete
--   checkin_undone           select                       select insert
--   checkin_try              select insert                insert
--   payment_attempt          select insert update         select* update*
--   refund                   select insert update         select insert update*
--   desk_refund
--   notify_log               select insert update
--   ledger_day               select
--   reconcile_run            select insert update
--   reconcile_line           select insert truncate
--   reconcile_diff           select insert update
--   shipping                 select insert update
--   work_item                select insert update         select update*
--   message                  select insert update delete  insert
--   message_done             select insert
--   message_try              select insert update delete
--   message_dead             select insert update
--   inbox                    select insert update*
--   id_block                 usage                        usage
--   idempotency              select insert delete         select insert


-- People ----------------------------------------------------------------------------------------------------

-- 0001_house.sql
CREATE TABLE account (
	id              bigint NOT NULL,
	nickname        text NOT NULL DEFAULT '',
	phone           text,
	disabled_at     timestamptz,
	created_at      timestamptz NOT NULL DEFAULT now(),
	version         bigint NOT NULL DEFAULT 1, -- 0008_account.sql
	disabled_reason text, -- 0008_account.sql
	left_at         timestamptz, -- 0008_account.sql
	person_id       bigint, -- 0025_person.sql
	CONSTRAINT account_pkey PRIMARY KEY (id), -- 0001_house.sql
	CONSTRAINT account_person_fk FOREIGN KEY (person_id) REFERENCES account(id), -- 0025_person.sql
	CONSTRAINT account_left_is_nobody CHECK (left_at IS NULL OR phone IS NULL AND nickname = '已注销用户'
		AND disabled_at IS NOT NULL AND disabled_reason IS NULL), -- 0008_account.sql
	CONSTRAINT account_nickname_length CHECK (length(nickname) <= 64), -- 0001_house.sql
	CONSTRAINT account_phone_form CHECK (phone ~ '^1[3-9][0-9]{9}$'), -- 0001_house.sql
	CONSTRAINT account_reason_of_disabled CHECK (disabled_reason IS NULL OR disabled_at IS NOT NULL) -- 0008_account.sql
);
CREATE INDEX account_name_pairs ON account USING gin (name_pairs(nickname)) WHERE left_at IS NULL; -- 0037_customer_name.sql
CREATE INDEX account_person ON account (person_id) WHERE person_id IS NOT NULL; -- 0025_person.sql
CREATE UNIQUE INDEX account_phone_key ON account (phone) WHERE phone IS NOT NULL; -- 0001_house.sql
CREATE TRIGGER account_ends_sessions AFTER UPDATE OF disabled_at, left_at ON account FOR EACH ROW
	WHEN (new.disabled_at IS NOT NULL) EXECUTE FUNCTION end_sessions(); -- 0008_account.sql
CREATE TRIGGER account_keeps_admin AFTER UPDATE OF disabled_at ON account FOR EACH ROW
	WHEN (old.disabled_at IS NULL AND new.disabled_at IS NOT NULL) EXECUTE FUNCTION keep_an_admin(); -- 0008_account.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON account FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER rights AFTER INSERT OR DELETE ON account FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission(); -- 0014_scale.sql
CREATE TRIGGER rights_of_old AFTER UPDATE ON account FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '' AND old.* IS DISTINCT FROM new.*)
	EXECUTE FUNCTION rights_need_permission(); -- 0014_scale.sql
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON account TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON account TO zx_staff USING ((SELECT staff_everywhere())
	OR id = (SELECT staff_actor()) OR (EXISTS (SELECT 1 FROM venue_customer c
	WHERE c.account_id = account.id)) OR (EXISTS (SELECT 1 FROM account_role r
	WHERE r.account_id = account.id))); -- 0014_scale.sql (0010_rights.sql)
CREATE POLICY new_member ON account FOR INSERT TO zx_staff WITH CHECK ((SELECT staff_permission()) = 'member'); -- 0033_manager.sql
GRANT SELECT, INSERT, UPDATE ON account TO zx;
GRANT SELECT, INSERT (id, nickname, phone), UPDATE (nickname, phone, disabled_at, version, disabled_reason)
	ON account TO zx_staff;

-- 0001_house.sql
-- A person may come through several apps; openids differ per app, a unionid
-- joins them where WeChat gives one.
CREATE TABLE wechat_identity (
	appid      text NOT NULL,
	openid     text NOT NULL,
	unionid    text,
	account_id bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT wechat_identity_pkey PRIMARY KEY (appid, openid), -- 0001_house.sql
	CONSTRAINT wechat_identity_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0001_house.sql
	CONSTRAINT wechat_identity_unionid_some CHECK (unionid <> '') -- 0001_house.sql
);
CREATE INDEX wechat_identity_account ON wechat_identity (account_id); -- 0001_house.sql
CREATE INDEX wechat_identity_unionid ON wechat_identity (unionid) WHERE unionid IS NOT NULL; -- 0001_house.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON wechat_identity FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('account_id'); -- 0010_rights.sql
ALTER TABLE wechat_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON wechat_identity TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON wechat_identity TO zx;

-- 0025_person.sql (0008_account.sql, 0014_scale.sql)
-- 0008: A person goes; orders and money stay. The caller holds the rows of the orders
-- and of the account, and has found nothing open. Answers that are kept for
-- repeats go too, also those to staff that tell of this person.
-- 0014: As before, but of the kept answers only the person's own: those to staff that tell
-- of him are swept within 48 hours, as all are.
-- 0025: As before, and marks stay while something is held against their person.
CREATE FUNCTION account_leave(who bigint, marks_days bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	UPDATE account SET nickname = '已注销用户', phone = NULL, disabled_at = coalesce(disabled_at, now()),
		disabled_reason = NULL, left_at = now(), version = version + 1
		WHERE id = who AND left_at IS NULL;
	DELETE FROM wechat_identity WHERE account_id = who;
	DELETE FROM inbox WHERE account_id = who;
	DELETE FROM idempotency WHERE account_id = who;
	UPDATE orders SET note = NULL WHERE account_id = who AND note IS NOT NULL;
	UPDATE notify_log SET plaintext = without_payer(plaintext) WHERE out_trade_no IN
		(SELECT p.out_trade_no FROM payment_attempt p JOIN orders o ON o.id = p.order_id WHERE o.account_id = who);
	UPDATE payment_attempt p SET payer = NULL, request = without_payer(request)
		FROM orders o WHERE o.id = p.order_id AND o.account_id = who;
	DELETE FROM left_mark WHERE created_at < now() - make_interval(days => marks_days::int)
		AND NOT person_held(account_id, marks_days);
END $$;
REVOKE EXECUTE ON FUNCTION account_leave FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_leave TO zx;

-- 0008_account.sql
-- What is left of a person who has gone while something was held against him:
-- keyed hashes of the phone and the openids (lib/account/leave.h).
CREATE TABLE left_mark (
	mark       text NOT NULL,
	account_id bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT left_mark_pkey PRIMARY KEY (mark, account_id), -- 0008_account.sql
	CONSTRAINT left_mark_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0008_account.sql
	CONSTRAINT left_mark_form CHECK (mark ~ '^[0-9a-f]{64}$') -- 0008_account.sql
);
CREATE INDEX left_mark_age ON left_mark (created_at); -- 0008_account.sql
ALTER TABLE left_mark ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON left_mark TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT ON left_mark TO zx;

-- 0025_person.sql
CREATE FUNCTION person_of(account bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT coalesce(a.person_id, a.id) FROM account a WHERE a.id = $1
$$;
REVOKE EXECUTE ON FUNCTION person_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_of TO zx, zx_staff;

-- 0025_person.sql
CREATE FUNCTION person_accounts(account bigint) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT array_agg(a.id) FROM account a, person_of($1) AS p(id) WHERE a.id = p.id OR a.person_id = p.id
$$;
REVOKE EXECUTE ON FUNCTION person_accounts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_accounts TO zx, zx_staff;

-- 0041_person_holds.sql (0025_person.sql)
-- 0025: Is a ban in force, or does a violation count that is no older than so many days?
-- 0041: The limits of unpaid orders are a person's: who left and came back, or came by another
-- account, had them anew. What is counted a day is held against a person as violations are,
-- so his identities stay known while it counts.
CREATE FUNCTION person_held(account bigint, days bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT EXISTS (SELECT 1 FROM ban b WHERE b.account_id = ANY (p.accounts)
			AND b.lifted_at IS NULL AND b.until > now())
		OR EXISTS (SELECT 1 FROM violation v WHERE v.account_id = ANY (p.accounts)
			AND v.lifted_at IS NULL AND v.at > now() - make_interval(days => days::int))
		OR EXISTS (SELECT 1 FROM orders o WHERE o.account_id = ANY (p.accounts)
			AND o.pay_state = 'unpaid' AND o.created_at > now() - interval '2 days')
	FROM person_accounts(account) AS p(accounts)
$$;
REVOKE EXECUTE ON FUNCTION person_held FROM PUBLIC;

-- 0025_person.sql
-- Who changes what is held against a person, or who belongs to it, has it alone, and comes
-- behind the orders that are being made; these hold it together (orders_person). The
-- account and the person's first one are locked by id; both are looked at again, because
-- somebody may have joined it to another person meanwhile.
CREATE FUNCTION person_hold(account bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	person bigint;
BEGIN
	LOOP
		person := person_of(account);
		PERFORM 1 FROM account a WHERE a.id IN (account, person) ORDER BY a.id FOR NO KEY UPDATE;
		EXIT WHEN person IS NOT DISTINCT FROM person_of(account);
	END LOOP;
	RETURN person;
END $$;
REVOKE EXECUTE ON FUNCTION person_hold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_hold TO zx, zx_staff;

-- 0025_person.sql
-- An account gets identities or is about to lose some: digests (lib/account/leave.h), with
-- blanks between. Whoever had what it gets is the same person, and so is who comes with the
-- same unionid. What it loses is kept as long as something is held against the person.
CREATE FUNCTION person_change(account bigint, loses text, gets text, union_id text, days bigint) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
#variable_conflict use_variable
DECLARE
	persons bigint[];
	found bigint[];
BEGIN
	LOOP
		SELECT array_agg(DISTINCT person_of(f.id) ORDER BY person_of(f.id)) INTO found FROM (
			SELECT account AS id
			UNION ALL SELECT m.account_id FROM left_mark m WHERE m.mark = ANY (string_to_array(gets, ' '))
			UNION ALL SELECT w.account_id FROM wechat_identity w WHERE w.unionid = union_id) AS f;
		EXIT WHEN found = persons;
		persons := found;
		PERFORM 1 FROM account a WHERE a.id = account OR a.id = ANY (persons) OR a.person_id = ANY (persons)
			ORDER BY a.id FOR NO KEY UPDATE;
	END LOOP;
	IF cardinality(persons) > 1 THEN
		UPDATE account a SET person_id = persons[1]
			WHERE a.id = ANY (persons[2:]) OR a.person_id = ANY (persons[2:]);
	END IF;
	IF loses <> '' AND person_held(account, days) THEN
		INSERT INTO left_mark (mark, account_id)
			SELECT DISTINCT m, account FROM unnest(string_to_array(loses, ' ')) AS m
			ON CONFLICT ON CONSTRAINT left_mark_pkey DO UPDATE SET created_at = now();
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION person_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_change TO zx, zx_staff;

-- 0008_account.sql
-- What a channel says, without whom: openids, Alipay's buyer, bank accounts; as
-- JSON or as a form.
CREATE FUNCTION without_payer(told text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(regexp_replace(told,
		'"(openid|sub_openid|buyer_\w+|user_received_account)"\s*:\s*"(?:\\.|[^"\\])*"', '"\1":""', 'g'),
		'(^|&)(buyer_(?:open_id|id|user_id|logon_id|user_name))=[^&]*', '\1\2=', 'g')
$$;

-- 0008_account.sql
-- Channels may still tell of the payments of somebody who has left.
CREATE FUNCTION payer_has_left(number text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT 1 FROM payment_attempt p JOIN orders o ON o.id = p.order_id
		JOIN account a ON a.id = o.account_id
		WHERE p.out_trade_no = number AND a.left_at IS NOT NULL)
$$;

-- 0008_account.sql
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


-- Logins and sessions ---------------------------------------------------------------------------------------

-- 0001_house.sql
CREATE TABLE session (
	id         bigint NOT NULL,
	account_id bigint NOT NULL,
	client     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	ended_at   timestamptz,
	ended_why  text,
	generation bigint NOT NULL DEFAULT 1, -- 0007_login.sql
	rotated_at timestamptz NOT NULL DEFAULT now(), -- 0007_login.sql
	salt       text NOT NULL, -- 0007_login.sql
	agent      text NOT NULL DEFAULT '', -- 0007_login.sql
	remembered boolean NOT NULL DEFAULT false, -- 0007_login.sql
	CONSTRAINT session_pkey PRIMARY KEY (id), -- 0001_house.sql
	CONSTRAINT session_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0001_house.sql
	CONSTRAINT session_client_known CHECK (client IN ('mini', 'staff')), -- 0001_house.sql
	CONSTRAINT session_end_reason CHECK ((ended_at IS NULL) = (ended_why IS NULL)), -- 0001_house.sql
	CONSTRAINT session_generation_counts CHECK (generation >= 1), -- 0007_login.sql
	CONSTRAINT session_life CHECK (expires_at > created_at) -- 0001_house.sql
);
ALTER TABLE session ADD CONSTRAINT session_end_known
	CHECK (ended_why IN ('elsewhere', 'logout', 'expired', 'disabled', 'removed', 'reuse', 'password',
	'deleted', 'test')) NOT VALID; -- 0012_audit.sql (0007_login.sql)
CREATE INDEX session_expires ON session (expires_at); -- 0014_scale.sql
CREATE UNIQUE INDEX session_one_living ON session (account_id, client) WHERE ended_at IS NULL; -- 0007_login.sql
CREATE TRIGGER session_of_staff BEFORE INSERT ON session FOR EACH ROW WHEN (new.client = 'staff')
	EXECUTE FUNCTION session_of_staff(); -- 0012_audit.sql
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON session TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON session TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM account a WHERE a.id = session.account_id))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO zx;

-- 0008_account.sql
-- Who is disabled or leaves is signed out by the same transaction. A login holds
-- the account's row while it makes its session, so neither misses the other.
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	UPDATE session SET ended_at = now(),
		ended_why = CASE WHEN NEW.left_at IS NULL THEN 'disabled' ELSE 'deleted' END
		WHERE account_id = NEW.id AND ended_at IS NULL;
	RETURN NULL;
END $$;

-- 0012_audit.sql
-- A login holds the account's row from before this on, as member_remove does: it
-- sees what that has left, or that waits and ends this session.
CREATE FUNCTION session_of_staff() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM staff_login WHERE account_id = NEW.account_id)
			AND NOT EXISTS (SELECT 1 FROM account_role WHERE account_id = NEW.account_id) THEN
		RAISE EXCEPTION 'not a member of staff'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'session_of_staff', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0001_house.sql
CREATE TABLE staff_login (
	account_id    bigint NOT NULL,
	username      text NOT NULL,
	password_hash text NOT NULL DEFAULT '!', -- 0008_account.sql (0001_house.sql)
	failed        bigint NOT NULL DEFAULT 0,
	locked_until  timestamptz,
	changed_at    timestamptz NOT NULL DEFAULT now(),
	must_change   boolean NOT NULL DEFAULT false, -- 0007_login.sql
	has_password  boolean NOT NULL GENERATED ALWAYS AS (password_hash LIKE '$%') STORED, -- 0008_account.sql
	tried_at      timestamptz, -- 0011_login_miss.sql
	CONSTRAINT staff_login_pkey PRIMARY KEY (account_id), -- 0001_house.sql
	CONSTRAINT staff_login_username_key UNIQUE (username), -- 0001_house.sql
	CONSTRAINT staff_login_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0001_house.sql
	CONSTRAINT staff_login_username_form CHECK (username ~ '^[a-z][a-z0-9._-]{1,31}$') -- 0001_house.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON staff_login FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('account_id'); -- 0010_rights.sql
CREATE TRIGGER rights AFTER INSERT OR DELETE ON staff_login FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission(); -- 0014_scale.sql
-- The wall behind a password that is given.
CREATE TRIGGER rights_of_password AFTER UPDATE OF password_hash ON staff_login FOR EACH ROW
	WHEN (current_setting('zx.permission', true) = 'member') EXECUTE FUNCTION rights_need_permission(); -- 0033_manager.sql
CREATE TRIGGER staff_login_keeps_admin AFTER UPDATE OF password_hash ON staff_login FOR EACH ROW
	WHEN (old.has_password AND NOT new.has_password) EXECUTE FUNCTION keep_an_admin(); -- 0008_account.sql
CREATE TRIGGER staff_login_kept_for_admin AFTER DELETE ON staff_login FOR EACH ROW WHEN (old.has_password)
	EXECUTE FUNCTION keep_an_admin(); -- 0012_audit.sql
ALTER TABLE staff_login ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON staff_login TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON staff_login TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM account a WHERE a.id = staff_login.account_id))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON staff_login TO zx;
GRANT SELECT (account_id, username, failed, locked_until, changed_at, must_change, has_password), INSERT
	(account_id, username) ON staff_login TO zx_staff;

-- 0011_login_miss.sql
-- Tries at names that nobody can log in by. What was typed may be a password in the
-- wrong field: the name is a keyed hash (lib/account/keyed_hash.h). Rows go after a day.
CREATE TABLE login_miss (
	name         text NOT NULL,
	failed       bigint NOT NULL,
	tried_at     timestamptz NOT NULL,
	locked_until timestamptz,
	CONSTRAINT login_miss_pkey PRIMARY KEY (name), -- 0011_login_miss.sql
	CONSTRAINT login_miss_failed_some CHECK (failed >= 1), -- 0011_login_miss.sql
	CONSTRAINT login_miss_name_form CHECK (name ~ '^[0-9a-f]{64}$') -- 0011_login_miss.sql
);
CREATE INDEX login_miss_age ON login_miss (tried_at); -- 0011_login_miss.sql
ALTER TABLE login_miss ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON login_miss TO zx USING (true); -- 0011_login_miss.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON login_miss TO zx;

-- 0036_login_place.sql
-- A stranger's wrong passwords lock his own network out, not the desk whose name he tries.
-- Counted by name and network; by the name alone only far beyond what people mistype
-- (staff_login, login_miss). Who comes with a device that logged in before is counted for
-- himself and gets through both (lib/login/staff_login.h).
CREATE TABLE login_place (
	name         text NOT NULL, -- keyed hashes, as in login_miss
	place        text NOT NULL, -- of a network, or of a device
	failed       bigint NOT NULL,
	tried_at     timestamptz NOT NULL,
	locked_until timestamptz,
	CONSTRAINT login_place_pkey PRIMARY KEY (name, place), -- 0036_login_place.sql
	CONSTRAINT login_place_failed_some CHECK (failed >= 1), -- 0036_login_place.sql
	CONSTRAINT login_place_form CHECK (name ~ '^[0-9a-f]{64}$' AND place ~ '^[0-9a-f]{64}$') -- 0036_login_place.sql
);
CREATE INDEX login_place_age ON login_place (tried_at); -- 0036_login_place.sql
ALTER TABLE login_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON login_place TO zx USING (true); -- 0036_login_place.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON login_place TO zx;

-- 0036_login_place.sql
-- What a row was until a day without a try, and what one more failure makes of it: `free`
-- pass, the next locks for 30 s, each later one for twice as long, up to 16 min.
CREATE FUNCTION login_failures(failed bigint, tried_at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT CASE WHEN tried_at > now() - interval '1 day' THEN failed ELSE 0 END $$;

-- 0036_login_place.sql
CREATE FUNCTION login_lock(failures bigint, free bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN failures >= free THEN now() + interval '30 seconds' * (1 << least(5, failures - free)::int) END
$$;

-- 0036_login_place.sql
CREATE FUNCTION login_wait(locked_until timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT greatest(0, ceil(extract(epoch FROM locked_until - now())))::bigint $$;

-- 0036_login_place.sql
-- One try: counted before it is compared, so that tries at once can't slip through together.
-- locked_s: it is locked, nothing was counted and nothing is to be compared. device_of: whose
-- device it is, `by_device` which; 0: none.
CREATE FUNCTION staff_login_take(login text, login_id bigint, by_name text, by_place text, device_of bigint,
	by_device text, free bigint, free_everywhere bigint, OUT account_id bigint, OUT username text, OUT hash
	text, OUT locked_s bigint) RETURNS record LANGUAGE plpgsql SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
#variable_conflict use_column
DECLARE
	member record;
	known boolean;
BEGIN
	DELETE FROM login_place WHERE ctid = ANY (ARRAY(SELECT p.ctid FROM login_place p
		WHERE p.tried_at < now() - interval '1 day' LIMIT 20 FOR UPDATE SKIP LOCKED));
	DELETE FROM login_miss WHERE name <> by_name AND name IN (SELECT m.name FROM login_miss m
		WHERE m.tried_at < now() - interval '1 day' LIMIT 20 FOR UPDATE SKIP LOCKED);
	-- Each in its turn.
	PERFORM pg_advisory_xact_lock(hashtextextended('login ' || by_name, 0));
	SELECT l.account_id, l.username, l.password_hash, l.locked_until, l.failed, l.tried_at INTO member
		FROM staff_login l JOIN account a ON a.id = l.account_id
		WHERE l.has_password AND a.disabled_at IS NULL AND (l.username = login OR l.account_id = login_id);
	known := coalesce(login_id = member.account_id OR device_of = member.account_id, false);
	locked_s := coalesce((SELECT login_wait(p.locked_until) FROM login_place p
		WHERE p.name = by_name AND p.place = CASE WHEN known THEN by_device ELSE by_place END), 0);
	IF NOT known THEN
		locked_s := greatest(locked_s, login_wait(member.locked_until),
			(SELECT login_wait(m.locked_until) FROM login_miss m WHERE m.name = by_name));
	END IF;
	IF locked_s > 0 THEN
		RETURN;
	END IF;
	INSERT INTO login_place AS p (name, place, failed, tried_at)
		VALUES (by_name, CASE WHEN known THEN by_device ELSE by_place END, 1, now())
		ON CONFLICT ON CONSTRAINT login_place_pkey DO UPDATE
		SET failed = login_failures(p.failed, p.tried_at) + 1, tried_at = now(),
			locked_until = login_lock(login_failures(p.failed, p.tried_at) + 1, free);
	IF known THEN
		NULL;
	ELSIF member.account_id IS NOT NULL THEN
		UPDATE staff_login l SET tried_at = now(), failed = login_failures(l.failed, l.tried_at) + 1,
			locked_until = login_lock(login_failures(l.failed, l.tried_at) + 1, free_everywhere)
			WHERE l.account_id = member.account_id;
	ELSE
		INSERT INTO login_miss AS m (name, failed, tried_at) VALUES (by_name, 1, now())
			ON CONFLICT ON CONSTRAINT login_miss_pkey DO UPDATE
			SET failed = login_failures(m.failed, m.tried_at) + 1, tried_at = now(),
				locked_until = login_lock(login_failures(m.failed, m.tried_at) + 1, free_everywhere);
	END IF;
	account_id := member.account_id;
	username := member.username;
	hash := member.password_hash;
END $$;

-- 0008_account.sql
-- A scan that was begun (lib/login/scan.h): digests of the state in the QR
-- page's address and of the cookie of the browser that shows it. Gone when spent.
CREATE TABLE login_state (
	state      text NOT NULL,
	browser    text NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT login_state_pkey PRIMARY KEY (state), -- 0008_account.sql
	CONSTRAINT login_state_digests CHECK (length(state) = 64 AND length(browser) = 64) -- 0008_account.sql
);
CREATE INDEX login_state_age ON login_state (expires_at); -- 0008_account.sql
ALTER TABLE login_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON login_state TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON login_state TO zx;

-- 0008_account.sql
-- Codes by SMS (lib/login/sms.h): a row for each time that one was asked for,
-- whoever's phone it is. taken_at: the daemon has looked; sent_at: it was the phone
-- of a member of staff. Rows go after two days.
CREATE TABLE sms_code (
	id        bigint NOT NULL,
	phone     text NOT NULL,
	code_hash text,
	tries     bigint NOT NULL DEFAULT 0,
	asked_at  timestamptz NOT NULL DEFAULT now(),
	taken_at  timestamptz,
	sent_at   timestamptz,
	ended_at  timestamptz, -- used, guessed at too often, or followed by another
	CONSTRAINT sms_code_pkey PRIMARY KEY (id), -- 0008_account.sql
	CONSTRAINT sms_code_phone_form CHECK (phone ~ '^1[3-9][0-9]{9}$'), -- 0008_account.sql
	CONSTRAINT sms_code_sent_whole CHECK ((sent_at IS NULL) = (code_hash IS NULL)), -- 0008_account.sql
	CONSTRAINT sms_code_tries_range CHECK (tries BETWEEN 0 AND 5) -- 0008_account.sql
);
CREATE INDEX sms_code_age ON sms_code (asked_at); -- 0008_account.sql
CREATE INDEX sms_code_of_phone ON sms_code (phone, asked_at); -- 0008_account.sql
CREATE UNIQUE INDEX sms_code_one_living ON sms_code (phone) WHERE ended_at IS NULL; -- 0008_account.sql
CREATE INDEX sms_code_sent ON sms_code (sent_at) WHERE sent_at IS NOT NULL; -- 0008_account.sql
CREATE INDEX sms_code_waiting ON sms_code (asked_at) WHERE taken_at IS NULL AND ended_at IS NULL; -- 0008_account.sql
ALTER TABLE sms_code ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON sms_code TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON sms_code TO zx;


-- Staff and their rights ------------------------------------------------------------------------------------

-- 0001_house.sql
CREATE TABLE role (
	code     text NOT NULL,
	name     text NOT NULL,
	at_venue boolean NOT NULL DEFAULT false, -- 0008_account.sql
	CONSTRAINT role_pkey PRIMARY KEY (code) -- 0001_house.sql
);
-- Rows from the migrations:
--   code      name      at_venue
--   admin     管理员    false
--   editor    内容编辑  false
--   manager   店长      true
--   operator  前台      true
GRANT SELECT ON role TO zx;
GRANT SELECT ON role TO zx_staff;

-- 0033_manager.sql
-- What there is to be permitted. at_venue: makes sense for one venue.
CREATE TABLE permission (
	code     text NOT NULL,
	name     text NOT NULL,
	at_venue boolean NOT NULL,
	CONSTRAINT permission_pkey PRIMARY KEY (code) -- 0033_manager.sql
);
-- Rows from the migrations:
--   code            name                                at_venue
--   audit           操作记录                            true
--   ban             违约与暂停预订                      true
--   catalog         运动项目与节假日                    false
--   checkin         核销                                true
--   member          员工                                true
--   order           查看订单                            true
--   refund          退款（限额以内）                    true
--   refund.any      退款不受限额                        true
--   role            角色的权限                          false
--   staff           登录后台                            true
--   staff.password  修改自己的密码                      true
--   user.disable    停用顾客                            false
--   user.phone      查看完整手机号                      false
--   user.see        查看顾客                            true
--   venue           球馆资料、营业时间、价格与退改规则  true
--   venue.create    新建与删除球馆                      false
--   venue.see       查看球馆资料                        true
--   work            待办                                true
GRANT SELECT ON permission TO zx;
GRANT SELECT ON permission TO zx_staff;

-- 0001_house.sql
CREATE TABLE role_permission (
	role       text NOT NULL,
	permission text NOT NULL,
	CONSTRAINT role_permission_pkey PRIMARY KEY (role, permission), -- 0001_house.sql
	CONSTRAINT role_permission_permission_fk FOREIGN KEY (permission) REFERENCES permission(code), -- 0033_manager.sql
	CONSTRAINT role_permission_role_fk FOREIGN KEY (role) REFERENCES role(code), -- 0001_house.sql
	CONSTRAINT role_permission_form CHECK (permission ~ '^[a-z_.]+$') -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON role_permission FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('role', 'permission'); -- 0033_manager.sql
-- Its rows stand under `Who may what`.
GRANT SELECT ON role_permission TO zx;
GRANT SELECT ON role_permission TO zx_staff;

-- 0033_manager.sql
-- Admins change what a role may, but not their own: they could not take it back.
CREATE FUNCTION role_set(of_role text, wanted text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF staff_permission() IS DISTINCT FROM 'role' OR NOT staff_everywhere() THEN
		PERFORM staff_refuse('forbidden');
	ELSIF of_role = 'admin' THEN
		RAISE EXCEPTION 'admins keep what they may'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'role_fixed', TABLE = 'role_permission';
	END IF;
	PERFORM 1 FROM role r WHERE r.code = of_role FOR UPDATE;
	DELETE FROM role_permission p WHERE p.role = of_role AND p.permission <> ALL (wanted);
	INSERT INTO role_permission SELECT of_role, w FROM unnest(wanted) AS w ON CONFLICT DO NOTHING;
END $$;
REVOKE EXECUTE ON FUNCTION role_set FROM PUBLIC;
GRANT EXECUTE ON FUNCTION role_set TO zx_staff;

-- 0033_manager.sql
-- Is this member one of the own venues' alone? Else who keeps members of one venue could let
-- himself in elsewhere: by another's phone, name or password.
CREATE FUNCTION member_within(account bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT staff_everywhere() OR NOT EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = account
		AND NOT coalesce(r.venue_id = ANY (staff_venues()), false))
$$;
REVOKE EXECUTE ON FUNCTION member_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION member_within TO zx, zx_staff;

-- 0002_venue.sql
-- Who works where. No venue: everywhere (admin, editor).
CREATE TABLE account_role (
	account_id bigint NOT NULL,
	role       text NOT NULL,
	venue_id   bigint,
	CONSTRAINT account_role_once UNIQUE NULLS NOT DISTINCT (account_id, role, venue_id), -- 0002_venue.sql
	CONSTRAINT account_role_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0002_venue.sql
	CONSTRAINT account_role_role_fk FOREIGN KEY (role) REFERENCES role(code), -- 0002_venue.sql
	CONSTRAINT account_role_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0002_venue.sql
	CONSTRAINT account_role_has_venue CHECK ((role NOT IN ('operator', 'manager')) OR venue_id IS NOT NULL), -- 0033_manager.sql
	CONSTRAINT account_role_others_have_no_venue CHECK ((role IN ('operator', 'manager')) OR venue_id IS NULL) -- 0033_manager.sql (0008_account.sql)
);
CREATE INDEX account_role_venue ON account_role (venue_id); -- 0014_scale.sql
CREATE TRIGGER account_role_keeps_admin AFTER DELETE OR UPDATE ON account_role FOR EACH ROW
	WHEN (old.role = 'admin') EXECUTE FUNCTION keep_an_admin(); -- 0008_account.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON account_role FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('account_id'); -- 0010_rights.sql
CREATE TRIGGER rights AFTER INSERT OR DELETE OR UPDATE ON account_role FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission(); -- 0014_scale.sql
ALTER TABLE account_role ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON account_role TO zx USING (true); -- 0010_rights.sql
-- Own roles are seen, also those elsewhere, but not changed for being one's own.
CREATE POLICY in_scope ON account_role TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0014_scale.sql (0010_rights.sql)
CREATE POLICY own ON account_role FOR SELECT TO zx_staff USING (account_id = (SELECT staff_actor())); -- 0014_scale.sql
GRANT SELECT ON account_role TO zx;
GRANT SELECT, INSERT, DELETE ON account_role TO zx_staff;

-- 0008_account.sql
-- Has somebody a permission anywhere; for what it adds to an answer.
CREATE FUNCTION account_may(who bigint, wanted text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT EXISTS (SELECT 1 FROM account_role ar JOIN role_permission rp ON rp.role = ar.role
		WHERE ar.account_id = who AND rp.permission = wanted)
$$;

-- 0033_manager.sql (0014_scale.sql)
-- What lets somebody in, or more of him, is changed under the permission for that and
-- no other. No policies: these would also refuse to lock a customer's row, and not see
-- what functions do as the owner.
CREATE FUNCTION rights_need_permission() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	who bigint := coalesce(to_jsonb(NEW), to_jsonb(OLD))->>
		CASE TG_TABLE_NAME WHEN 'account' THEN 'id' ELSE 'account_id' END;
BEGIN
	IF staff_permission() = 'member' THEN
		IF member_within(who) AND (staff_everywhere() OR TG_TABLE_NAME <> 'account' OR TG_OP = 'INSERT'
				OR EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = who)) THEN
			RETURN NULL;
		END IF;
	ELSIF TG_TABLE_NAME = 'account' AND TG_OP = 'UPDATE' AND staff_permission() = 'user.disable' THEN
		IF NEW.phone IS NOT DISTINCT FROM OLD.phone AND NEW.nickname = OLD.nickname
			AND NOT EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = NEW.id) THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM staff_refuse('forbidden');
END $$;

-- 0008_account.sql
-- Somebody is left who can log in and set everything right again. The lock
-- makes one of two such changes see the other.
CREATE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
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

-- 0012_audit.sql
-- A member becomes a customer; false: changed since it was read. Rows go that no
-- staff may touch by themselves, so the scope is looked at here: whoever holds a
-- role elsewhere too isn't sent away from here. In the order in which logins lock.
-- The phone, which an admin wrote down, opens the staff side, and may be given to
-- the same person again: it goes too.
CREATE FUNCTION member_remove(who bigint, seen bigint, web_appid text) RETURNS boolean LANGUAGE plpgsql
	SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	login text;
	number text;
BEGIN
	SELECT username INTO login FROM staff_login WHERE account_id = who FOR UPDATE;
	SELECT phone INTO number FROM account WHERE id = who AND version = seen FOR NO KEY UPDATE;
	IF login IS NULL OR NOT FOUND THEN
		RETURN false;
	END IF;
	IF staff_actor() IS NULL OR EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = who
			AND NOT coalesce(staff_everywhere() OR r.venue_id = ANY (staff_venues()), false)) THEN
		PERFORM staff_refuse('forbidden');
	END IF;
	UPDATE account SET phone = NULL, version = version + 1 WHERE id = who;
	DELETE FROM account_role WHERE account_id = who;
	DELETE FROM wechat_identity WHERE account_id = who AND appid = web_appid;
	DELETE FROM staff_login WHERE account_id = who;
	UPDATE session SET ended_at = now(), ended_why = 'removed'
		WHERE account_id = who AND client = 'staff' AND ended_at IS NULL;
	UPDATE sms_code SET ended_at = now() WHERE phone = number AND ended_at IS NULL;
	INSERT INTO staff_past (account_id, username) VALUES (who, login)
		ON CONFLICT ON CONSTRAINT staff_past_pkey DO UPDATE SET username = excluded.username, ended_at = now();
	RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION member_remove FROM PUBLIC;
GRANT EXECUTE ON FUNCTION member_remove TO zx_staff;

-- 0012_audit.sql
-- Who was a member of staff, and by which name he logged in: what he did is told
-- under it, wherever a name is told. Only functions of the owner look here. No
-- foreign key, as in the log.
CREATE TABLE staff_past (
	account_id bigint NOT NULL,
	username   text NOT NULL,
	ended_at   timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT staff_past_pkey PRIMARY KEY (account_id) -- 0012_audit.sql
);
ALTER TABLE staff_past ENABLE ROW LEVEL SECURITY;

-- 0012_audit.sql (0010_rights.sql)
-- 0010: Who did something is told by name, also of those who work elsewhere by now.
-- 0012: The present name of a member; of who is none any more the username: his name is
-- a customer's from then on.
CREATE FUNCTION staff_name(account bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT coalesce(
		(SELECT a.nickname FROM account a JOIN staff_login l ON l.account_id = a.id WHERE a.id = $1),
		(SELECT p.username FROM staff_past p WHERE p.account_id = $1))
$$;


-- What a request of staff may see ---------------------------------------------------------------------------

-- 0033_manager.sql (0010_rights.sql)
-- 0010: First in every transaction of staff. The reasons against it are the names of
-- broken rules (lib/db/rules.h). zx.venues: '{1,2}', or '*' for a role that is
-- held everywhere; zx.operation is the request's id.
-- 0033: As before; also passwords of members are given at one's own venues (member_within).
CREATE FUNCTION staff_enter(in_session bigint, in_account bigint, wanted text, operation text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	login record;
	everywhere boolean;
	venues bigint[];
BEGIN
	SELECT s.client, s.ended_at, s.ended_why, s.expires_at > now() AND a.disabled_at IS NULL AS good,
			l.must_change
		INTO login FROM session s JOIN account a ON a.id = s.account_id
		LEFT JOIN staff_login l ON l.account_id = a.id
		WHERE s.id = in_session AND s.account_id = in_account;
	IF NOT FOUND THEN
		PERFORM staff_refuse('session_ended');
	ELSIF login.ended_why = 'elsewhere' THEN
		PERFORM staff_refuse('session_replaced');
	ELSIF login.ended_at IS NOT NULL OR NOT login.good THEN
		PERFORM staff_refuse('session_ended');
	ELSIF login.client <> 'staff' THEN
		PERFORM staff_refuse('forbidden');
	ELSIF login.must_change AND wanted <> 'staff.password' THEN
		PERFORM staff_refuse('password_change');
	END IF;
	SELECT bool_or(r.venue_id IS NULL), array_agg(DISTINCT r.venue_id ORDER BY r.venue_id)
		INTO everywhere, venues
		FROM account_role r JOIN role_permission p ON p.role = r.role
		WHERE r.account_id = in_account AND p.permission = wanted;
	-- Without row level security only what is about oneself, or may be done everywhere, or
	-- looks at the scope itself.
	IF everywhere IS NULL OR (session_user <> 'zx_staff' AND NOT everywhere
		AND wanted NOT IN ('staff', 'staff.password', 'member')) THEN
		PERFORM staff_refuse('forbidden');
	END IF;
	PERFORM set_config('zx.venues', CASE WHEN everywhere THEN '*' ELSE venues::text END, true),
		set_config('zx.actor', in_account::text, true),
		set_config('zx.operation', operation, true),
		set_config('zx.permission', wanted, true);
	RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION staff_enter FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staff_enter TO zx, zx_staff;

-- 0010_rights.sql
CREATE FUNCTION staff_refuse(why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'refused: %', why USING ERRCODE = 'insufficient_privilege', CONSTRAINT = why;
END $$;

-- 0010_rights.sql
-- The scope. A policy asks for it as (SELECT …), which is computed once for a
-- statement and not for each row. After a transaction its settings are ''.
CREATE FUNCTION staff_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
	RETURN COALESCE((current_setting('zx.venues', true) = '*'), false);

-- 0010_rights.sql
CREATE FUNCTION staff_venues() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (NULLIF(NULLIF(current_setting('zx.venues', true), ''), '*'))::bigint[];

-- 0010_rights.sql
CREATE FUNCTION staff_actor() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (NULLIF(current_setting('zx.actor', true), ''))::bigint;

-- 0014_scale.sql
CREATE FUNCTION staff_permission() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	RETURN NULLIF(current_setting('zx.permission', true), '');


-- Audit log -------------------------------------------------------------------------------------------------

-- 0010_rights.sql
-- Every change that staff make, by whichever pool: one row a row. Jobs and
-- customers are not staff and leave no entries; what they do is in the rows of
-- orders and money themselves. It is written with the change: undone, it leaves
-- none. No role may insert: only the trigger does, as the owner. No foreign keys:
-- what is named here may be gone.
CREATE TABLE audit_log (
	id             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
	at             timestamptz NOT NULL DEFAULT now(),
	actor_id       bigint NOT NULL,
	venue_id       bigint, -- of the row, or the only one that the actor works at
	entity         text NOT NULL, -- the table
	entity_id      text NOT NULL, -- of several columns: '2/5/480'
	action         text NOT NULL,
	before         jsonb, -- changed columns; of a deleted row all that it had
	after          jsonb,
	operation_id   text NOT NULL, -- the request's id
	actor_username text, -- 0012_audit.sql
	words          text[] NOT NULL GENERATED ALWAYS AS (audit_words(before, after)) STORED, -- 0012_audit.sql
	CONSTRAINT audit_log_pkey PRIMARY KEY (id) -- 0010_rights.sql
);
ALTER TABLE audit_log ADD CONSTRAINT audit_log_action_known
	CHECK (action IN ('insert', 'update', 'delete', 'search')) NOT VALID; -- 0034_phone_search.sql (0010_rights.sql)
ALTER TABLE audit_log ADD CONSTRAINT audit_log_sides
	CHECK ((before IS NULL) = (action IN ('insert', 'search'))
	AND (after IS NULL) = (action = 'delete')) NOT VALID; -- 0034_phone_search.sql (0010_rights.sql)
CREATE INDEX audit_log_action ON audit_log (action, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_actor ON audit_log (actor_id, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_actor_username ON audit_log (actor_username, at DESC, id DESC); -- 0012_audit.sql
CREATE INDEX audit_log_at ON audit_log (at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_entity ON audit_log (entity, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_entity_id ON audit_log (entity_id, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_operation ON audit_log (operation_id, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_venue ON audit_log (venue_id, at DESC, id DESC); -- 0010_rights.sql
CREATE INDEX audit_log_words ON audit_log USING gin (words); -- 0012_audit.sql
CREATE TRIGGER audit_log_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT
	EXECUTE FUNCTION audit_stays(); -- 0010_rights.sql
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON audit_log TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON audit_log TO zx_staff;

-- 0012_audit.sql
-- Row level security lets only leakproof conditions use an index, and what searches
-- a GIN index is none. So the search looks through this view, which sees as its
-- owner does, and says once more which entries are in scope.
CREATE VIEW audit_in_scope AS
 SELECT audit_log.id, audit_log.at, audit_log.actor_id, audit_log.actor_username, audit_log.venue_id,
    audit_log.entity, audit_log.entity_id, audit_log.action, audit_log.before, audit_log.after,
    audit_log.operation_id, audit_log.words
   FROM audit_log
  WHERE (SELECT staff_everywhere()) OR (audit_log.venue_id = ANY ((SELECT staff_venues())::bigint[]));
GRANT SELECT ON audit_in_scope TO zx_staff;

-- 0012_audit.sql (0010_rights.sql)
-- 0010: The arguments are the columns that name a row.
-- 0012: As before, with the username, and times as everywhere in answers.
CREATE FUNCTION audit_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' SET "TimeZone" TO 'Asia/Shanghai' AS $$
DECLARE
	was jsonb := to_jsonb(OLD);
	becomes jsonb := to_jsonb(NEW);
	whole jsonb := coalesce(becomes, was);
	venues bigint[] := staff_venues();
	is_staff boolean := TG_TABLE_NAME <> 'account' OR TG_OP = 'INSERT'
		OR EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = (whole->>'id')::bigint);
BEGIN
	IF TG_OP = 'UPDATE' THEN
		SELECT jsonb_object_agg(b.key, was->b.key), jsonb_object_agg(b.key, b.value) INTO was, becomes
			FROM jsonb_each(becomes) b WHERE b.value <> was->b.key;
	ELSE -- what is not there was or becomes nothing
		was := (SELECT jsonb_object_agg(c.key, c.value) FROM jsonb_each(was) c WHERE c.value <> 'null');
		becomes := (SELECT jsonb_object_agg(c.key, c.value) FROM jsonb_each(becomes) c WHERE c.value <> 'null');
	END IF;
	IF was IS NULL AND becomes IS NULL THEN
		RETURN NULL; -- the same again
	END IF;
	INSERT INTO audit_log (actor_id, actor_username, venue_id, entity, entity_id, action, before, after,
			operation_id)
		SELECT staff_actor(), (SELECT l.username FROM staff_login l WHERE l.account_id = staff_actor()),
			CASE WHEN TG_TABLE_NAME = 'venue' THEN (whole->>'id')::bigint ELSE coalesce(
				(whole->>'venue_id')::bigint, CASE WHEN cardinality(venues) = 1 THEN venues[1] END) END,
			TG_TABLE_NAME, string_agg(whole->>k.name, '/' ORDER BY k.place), lower(TG_OP),
			audit_hide(was, TG_TABLE_NAME, is_staff), audit_hide(becomes, TG_TABLE_NAME, is_staff),
			current_setting('zx.operation', true)
		FROM unnest(TG_ARGV) WITH ORDINALITY AS k(name, place);
	RETURN NULL;
END $$;

-- 0039_names_folded.sql (0010_rights.sql, 0012_audit.sql)
-- 0010: What no log may keep: what lets somebody in, and who a customer is. A request to
-- a channel only repeats the row it stands in.
-- 0012: What no log may keep: now also why a customer was disabled, in words that staff
-- typed about him. Why a member was is the house's own affair, and stays.
-- 0039: As before, and without the folded name, which only repeats the name beside it.
CREATE FUNCTION audit_hide(columns jsonb, entity text, is_staff boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE
	AS $$
	SELECT jsonb_object_agg(c.key, CASE
		WHEN c.value = 'null' THEN c.value
		WHEN c.key IN ('password_hash', 'openid', 'unionid')
			OR (c.key IN ('nickname', 'disabled_reason') AND NOT is_staff) THEN '"***"'
		WHEN entity = 'account' AND c.key = 'phone'
			THEN to_jsonb(left(c.value #>> '{}', 3) || '****' || right(c.value #>> '{}', 4))
		ELSE c.value END)
	FROM jsonb_each(columns) c WHERE (entity <> 'refund' OR c.key <> 'request') AND c.key <> 'name_folded'
$$;

-- 0012_audit.sql
-- The names of columns and the values on both sides, of documents at any depth;
-- '-' what was, '+' what has become. Of a long text its first 100 characters.
CREATE FUNCTION audit_words(before jsonb, after jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
	SELECT coalesce(array_agg(DISTINCT s.sign || left(w.word, 100) COLLATE "C"), '{}')
	FROM (VALUES ('-', before), ('+', after)) AS s(sign, side),
		jsonb_path_query(s.side, 'strict $.**') AS n(node), LATERAL (
			SELECT k FROM jsonb_object_keys(CASE jsonb_typeof(n.node) WHEN 'object' THEN n.node ELSE '{}' END) k
			UNION ALL SELECT n.node #>> '{}' WHERE jsonb_typeof(n.node) IN ('string', 'number', 'boolean')
		) AS w(word)
$$;

-- 0010_rights.sql
-- Append-only, for the owner too.
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit log is only ever added to'
		USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'audit_log_stays', TABLE = TG_TABLE_NAME;
END $$;

-- 0034_phone_search.sql
-- The seconds after which another one may follow; 0: this one is written down and may be made.
-- The number itself would make the log the list that nobody is to have.
CREATE FUNCTION phone_search_take(phone text, place text, per_day bigint) RETURNS bigint LANGUAGE plpgsql
	SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	venues bigint[] := staff_venues();
	done record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('phone search ' || staff_actor(), 0));
	SELECT count(*) AS n, min(s.at) AS first INTO done FROM (SELECT l.at FROM audit_log l
		WHERE l.actor_id = staff_actor() AND l.entity = 'phone_search' AND l.at > now() - interval '1 day'
		ORDER BY l.at DESC LIMIT per_day) s;
	IF done.n >= per_day THEN
		RETURN greatest(1, ceil(extract(epoch FROM done.first + interval '1 day' - now())));
	END IF;
	INSERT INTO audit_log (actor_id, actor_username, venue_id, entity, entity_id, action, after, operation_id)
		VALUES (staff_actor(), (SELECT l.username FROM staff_login l WHERE l.account_id = staff_actor()),
			CASE WHEN cardinality(venues) = 1 THEN venues[1] END, 'phone_search',
			left(phone, 3) || '****' || right(phone, 4), 'search', jsonb_build_object('in', place),
			current_setting('zx.operation', true));
	RETURN 0;
END $$;
REVOKE EXECUTE ON FUNCTION phone_search_take FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phone_search_take TO zx_staff;

-- 0037_customer_name.sql
-- A desk's search by a part of a name reads an index, by pairs of characters: Chinese names
-- have two or three, of which a trigram knows nothing. Row level security lets only leakproof
-- conditions use an index, so the function searches as its owner and keeps to the scope itself.
CREATE FUNCTION name_pairs(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(array_agg(DISTINCT substr(lower(name), i, 2)), '{}')
	FROM generate_series(1, length(name) - 1) AS i
$$;

-- 0037_customer_name.sql
-- The newest accounts of the scope with this in their name, from behind `before`. Of each member
-- one search runs at a time; one that runs into its time limit says so.
CREATE FUNCTION customers_named(part text, before bigint, most bigint) RETURNS SETOF bigint LANGUAGE plpgsql
	SECURITY DEFINER ROWS 20 SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('customer search ' || staff_actor(), 0)) THEN
		RAISE EXCEPTION 'another search of this member is running'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'one_search', TABLE = 'account';
	END IF;
	RETURN QUERY SELECT a.id FROM account a WHERE a.left_at IS NULL AND a.id < before
		AND name_pairs(a.nickname) @> name_pairs(part) AND strpos(lower(a.nickname), lower(part)) > 0
		AND (staff_everywhere() OR EXISTS (SELECT 1 FROM venue_customer c
			WHERE c.account_id = a.id AND c.venue_id = ANY (staff_venues())))
		AND (NOT EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = a.id)
			OR EXISTS (SELECT 1 FROM venue_customer c WHERE c.account_id = a.id
			AND (staff_everywhere() OR c.venue_id = ANY (staff_venues()))))
		ORDER BY a.id DESC LIMIT most;
EXCEPTION WHEN query_canceled THEN
	RAISE EXCEPTION 'the search takes too long'
		USING ERRCODE = 'check_violation', CONSTRAINT = 'search_slow', TABLE = 'account';
END $$;
REVOKE EXECUTE ON FUNCTION customers_named FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_named TO zx_staff;


-- Venues ----------------------------------------------------------------------------------------------------

-- 0039_names_folded.sql
-- To people two names are one if they differ only in case, in width or in blanks (NFKC, folded,
-- runs of blanks as one; what only joins or draws an emoji does not count): of the courts of a
-- sport and of the units of a venue each is given once. Names that stood and were alike before
-- stay: the oldest holds the folded form, the others have none until they are called otherwise.
CREATE FUNCTION name_fold(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT btrim(regexp_replace(normalize(lower(upper(normalize(
		translate(name, U&'\200D\FE0E\FE0F', ''), NFKC) COLLATE "und-x-icu")), NFKC), '\s+', ' ', 'g'))
$$;

-- 0039_names_folded.sql
CREATE FUNCTION name_folds() RETURNS trigger LANGUAGE plpgsql SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND name_fold(NEW.name) = name_fold(OLD.name) THEN
		NEW.name_folded := OLD.name_folded;
	ELSE
		NEW.name_folded := name_fold(NEW.name);
	END IF;
	RETURN NEW;
END $$;

-- 0002_venue.sql
CREATE TABLE sport (
	id      bigint NOT NULL,
	code    text NOT NULL,
	name    text NOT NULL,
	version bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	CONSTRAINT sport_pkey PRIMARY KEY (id), -- 0002_venue.sql
	CONSTRAINT sport_code_key UNIQUE (code), -- 0002_venue.sql
	CONSTRAINT sport_code_form CHECK (code ~ '^[a-z_]{2,32}$') -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON sport FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
ALTER TABLE sport ENABLE ROW LEVEL SECURITY;
CREATE POLICY catalog ON sport FOR SELECT TO zx_staff USING ((SELECT staff_actor()) IS NOT NULL); -- 0010_rights.sql
CREATE POLICY everything ON sport TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON sport TO zx_staff USING ((SELECT staff_everywhere())); -- 0010_rights.sql
-- Rows from the migrations:
--   id  code          name    version
--   1   badminton     羽毛球  1
--   2   basketball    篮球    1
--   3   tennis        网球    1
--   4   table_tennis  乒乓球  1
--   5   football      足球    1
--   6   volleyball    排球    1
GRANT SELECT ON sport TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON sport TO zx_staff;

-- 0002_venue.sql
CREATE TABLE venue (
	id                    bigint NOT NULL,
	name                  text NOT NULL,
	address               text NOT NULL DEFAULT '',
	phone                 text NOT NULL DEFAULT '',
	timezone              text NOT NULL DEFAULT 'Asia/Shanghai',
	window_days           bigint NOT NULL DEFAULT 7,
	checkin_early_minutes bigint NOT NULL DEFAULT 60,
	closed_at             timestamptz,
	created_at            timestamptz NOT NULL DEFAULT now(),
	refund_tiers          jsonb NOT NULL DEFAULT '[{"hours": 24, "fee_fen": 0, "percent": 100}]', -- 0004_settle.sql
	version               bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	hours_version         bigint NOT NULL DEFAULT 1, -- 0009_venue.sql: of its rows in opening
	prices_version        bigint NOT NULL DEFAULT 1, -- 0009_venue.sql: of its rows in price_rule
	refund_version        bigint NOT NULL DEFAULT 1, -- 0009_venue.sql: of refund_tiers
	ends_on               date, -- 0009_venue.sql: from this play date on not for sale
	phone_required        boolean NOT NULL DEFAULT true, -- 0025_person.sql
	longest_minutes       bigint NOT NULL DEFAULT 240, -- 0035_longest.sql
	CONSTRAINT venue_pkey PRIMARY KEY (id), -- 0002_venue.sql
	CONSTRAINT venue_checkin_range CHECK (checkin_early_minutes BETWEEN 0 AND 1440), -- 0002_venue.sql
	CONSTRAINT venue_longest CHECK (longest_minutes BETWEEN 30 AND 1800 AND (longest_minutes % 30) = 0), -- 0035_longest.sql
	CONSTRAINT venue_name_some CHECK (name <> ''), -- 0009_venue.sql
	CONSTRAINT venue_refund_tiers_form CHECK (refund_tiers_ok(refund_tiers)), -- 0004_settle.sql
	CONSTRAINT venue_timezone_known CHECK (is_time_zone(timezone)), -- 0002_venue.sql
	CONSTRAINT venue_window_range CHECK (window_days BETWEEN 0 AND 400) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON venue FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER UPDATE OF timezone, window_days, ends_on, closed_at, longest_minutes ON venue
	FOR EACH ROW WHEN (old.timezone IS DISTINCT FROM new.timezone
	OR old.window_days IS DISTINCT FROM new.window_days OR old.ends_on IS DISTINCT FROM new.ends_on
	OR old.closed_at IS DISTINCT FROM new.closed_at
	OR old.longest_minutes IS DISTINCT FROM new.longest_minutes) EXECUTE FUNCTION frame_counts(); -- 0035_longest.sql (0015_floor.sql)
CREATE TRIGGER frame_begins AFTER INSERT ON venue FOR EACH ROW EXECUTE FUNCTION frame_begin(); -- 0015_floor.sql
CREATE TRIGGER venue_refund_tiers_fall BEFORE INSERT OR UPDATE OF refund_tiers ON venue FOR EACH ROW
	EXECUTE FUNCTION refund_tiers_check(); -- 0028_tiers.sql
ALTER TABLE venue ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON venue TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON venue TO zx_staff USING ((SELECT staff_everywhere())
	OR (id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON venue TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON venue TO zx_staff;

-- 0002_venue.sql
CREATE FUNCTION is_time_zone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM now() AT TIME ZONE name;
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END $$;

-- 0004_settle.sql
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

-- 0028_tiers.sql
-- Who cancels later gets no more: of two tiers the one with fewer hours gives back no larger
-- part and takes no smaller fee, or gives nothing. Lists that stand otherwise stay until they
-- are written anew, and orders keep the rule that they were sold under.
CREATE FUNCTION refund_tiers_fall(tiers jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(bool_and(percent = 0 OR percent <= before_percent AND fee_fen >= before_fee), true)
	FROM (SELECT (t.tier->>'percent')::bigint AS percent, (t.tier->>'fee_fen')::bigint AS fee_fen,
			lag((t.tier->>'percent')::bigint, 1, 100::bigint) OVER w AS before_percent,
			lag((t.tier->>'fee_fen')::bigint, 1, 0::bigint) OVER w AS before_fee
		FROM jsonb_array_elements(tiers) WITH ORDINALITY AS t(tier, nth) WINDOW w AS (ORDER BY nth)) s
$$;

-- 0028_tiers.sql
CREATE FUNCTION refund_tiers_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF refund_tiers_ok(NEW.refund_tiers) AND NOT refund_tiers_fall(NEW.refund_tiers) THEN
		RAISE EXCEPTION 'a later cancellation would give back more'
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0002_venue.sql
-- What a venue offers and how long one bookable slot is.
CREATE TABLE venue_sport (
	venue_id     bigint NOT NULL,
	sport_id     bigint NOT NULL,
	slot_minutes bigint NOT NULL DEFAULT 60,
	version      bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	CONSTRAINT venue_sport_pkey PRIMARY KEY (venue_id, sport_id), -- 0002_venue.sql
	CONSTRAINT venue_sport_sport_fk FOREIGN KEY (sport_id) REFERENCES sport(id), -- 0002_venue.sql
	CONSTRAINT venue_sport_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0002_venue.sql
	CONSTRAINT venue_sport_slot_steps CHECK ((slot_minutes % 30) = 0 AND slot_minutes BETWEEN 30 AND 480) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON venue_sport FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('venue_id', 'sport_id'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER INSERT OR DELETE OR UPDATE ON venue_sport FOR EACH ROW
	EXECUTE FUNCTION frame_counts(); -- 0015_floor.sql
ALTER TABLE venue_sport ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON venue_sport TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON venue_sport TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON venue_sport TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON venue_sport TO zx_staff;

-- 0002_venue.sql
CREATE TABLE court (
	id          bigint NOT NULL,
	venue_id    bigint NOT NULL,
	sport_id    bigint NOT NULL,
	name        text NOT NULL,
	position    bigint NOT NULL DEFAULT 0,
	closed_at   timestamptz,
	version     bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	ends_on     date, -- 0009_venue.sql
	name_folded text, -- 0039_names_folded.sql
	CONSTRAINT court_pkey PRIMARY KEY (id), -- 0002_venue.sql
	CONSTRAINT court_name_key UNIQUE (venue_id, sport_id, name_folded), -- 0039_names_folded.sql (0002_venue.sql)
	CONSTRAINT court_venue_key UNIQUE (id, venue_id), -- 0002_venue.sql
	CONSTRAINT court_sport_fk FOREIGN KEY (venue_id, sport_id) REFERENCES venue_sport(venue_id, sport_id) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON court FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER name_folds BEFORE INSERT OR UPDATE ON court FOR EACH ROW EXECUTE FUNCTION name_folds(); -- 0039_names_folded.sql
ALTER TABLE court ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON court TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON court TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON court TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON court TO zx_staff;

-- 0002_venue.sql
-- A unit is a physical piece of floor; two courts that share one can't be used
-- at the same time.
CREATE TABLE unit (
	id          bigint NOT NULL,
	venue_id    bigint NOT NULL,
	name        text NOT NULL,
	version     bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	name_folded text, -- 0039_names_folded.sql
	CONSTRAINT unit_pkey PRIMARY KEY (id), -- 0002_venue.sql
	CONSTRAINT unit_name_key UNIQUE (venue_id, name_folded), -- 0039_names_folded.sql (0002_venue.sql)
	CONSTRAINT unit_venue_key UNIQUE (id, venue_id), -- 0002_venue.sql
	CONSTRAINT unit_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON unit FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER name_folds BEFORE INSERT OR UPDATE ON unit FOR EACH ROW EXECUTE FUNCTION name_folds(); -- 0039_names_folded.sql
ALTER TABLE unit ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON unit TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON unit TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON unit TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON unit TO zx_staff;

-- 0002_venue.sql
CREATE TABLE court_unit (
	court_id bigint NOT NULL,
	unit_id  bigint NOT NULL,
	venue_id bigint NOT NULL,
	CONSTRAINT court_unit_pkey PRIMARY KEY (court_id, unit_id), -- 0002_venue.sql
	CONSTRAINT court_unit_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court(id, venue_id), -- 0002_venue.sql
	CONSTRAINT court_unit_unit_fk FOREIGN KEY (unit_id, venue_id) REFERENCES unit(id, venue_id) -- 0002_venue.sql
);
CREATE INDEX court_unit_unit ON court_unit (unit_id); -- 0014_scale.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON court_unit FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('court_id', 'unit_id'); -- 0010_rights.sql
CREATE TRIGGER court_unit_unused AFTER INSERT OR DELETE OR UPDATE ON court_unit FOR EACH ROW
	EXECUTE FUNCTION court_unit_check(); -- 0015_floor.sql
ALTER TABLE court_unit ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON court_unit TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON court_unit TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON court_unit TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON court_unit TO zx_staff;

-- 0002_venue.sql
CREATE TABLE opening (
	venue_id bigint NOT NULL,
	weekday  bigint NOT NULL,
	opens    bigint NOT NULL,
	closes   bigint NOT NULL,
	CONSTRAINT opening_pkey PRIMARY KEY (venue_id, weekday, opens), -- 0002_venue.sql
	CONSTRAINT opening_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0002_venue.sql
	CONSTRAINT opening_minutes CHECK (opens BETWEEN 0 AND 1410 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND (opens % 30) = 0 AND (closes % 30) = 0), -- 0002_venue.sql
	CONSTRAINT opening_weekday_range CHECK (weekday BETWEEN 1 AND 7) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON opening FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '')
	EXECUTE FUNCTION audit_write('venue_id', 'weekday', 'opens'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER INSERT OR DELETE OR UPDATE ON opening FOR EACH ROW EXECUTE FUNCTION frame_counts(); -- 0015_floor.sql
ALTER TABLE opening ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON opening TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON opening TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON opening TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON opening TO zx_staff;

-- 0002_venue.sql
-- A date that differs: other hours, or (no row in opening_exception_hours) closed.
CREATE TABLE opening_exception (
	venue_id bigint NOT NULL,
	day      date NOT NULL,
	reason   text NOT NULL DEFAULT '',
	version  bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	CONSTRAINT opening_exception_pkey PRIMARY KEY (venue_id, day), -- 0002_venue.sql
	CONSTRAINT opening_exception_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON opening_exception FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('venue_id', 'day'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER INSERT OR DELETE OR UPDATE ON opening_exception FOR EACH ROW
	EXECUTE FUNCTION frame_counts(); -- 0015_floor.sql
ALTER TABLE opening_exception ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON opening_exception TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON opening_exception TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON opening_exception TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON opening_exception TO zx_staff;

-- 0002_venue.sql
CREATE TABLE opening_exception_hours (
	venue_id bigint NOT NULL,
	day      date NOT NULL,
	opens    bigint NOT NULL,
	closes   bigint NOT NULL,
	CONSTRAINT opening_exception_hours_pkey PRIMARY KEY (venue_id, day, opens), -- 0002_venue.sql
	CONSTRAINT opening_exception_hours_fk FOREIGN KEY (venue_id, day)
		REFERENCES opening_exception(venue_id, day) ON DELETE CASCADE, -- 0002_venue.sql
	CONSTRAINT opening_exception_hours_minutes CHECK (opens BETWEEN 0 AND 1410 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND (opens % 30) = 0 AND (closes % 30) = 0) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON opening_exception_hours FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('venue_id', 'day', 'opens'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER INSERT OR DELETE OR UPDATE ON opening_exception_hours FOR EACH ROW
	EXECUTE FUNCTION frame_counts(); -- 0015_floor.sql
ALTER TABLE opening_exception_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON opening_exception_hours TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON opening_exception_hours TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON opening_exception_hours TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON opening_exception_hours TO zx_staff;

-- 0002_venue.sql
-- Public holidays, and the 调休 days on which people work instead.
CREATE TABLE calendar_day (
	day        date NOT NULL,
	kind       text NOT NULL,
	name       text NOT NULL,
	as_weekday bigint,
	version    bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	CONSTRAINT calendar_day_pkey PRIMARY KEY (day), -- 0002_venue.sql
	CONSTRAINT calendar_day_as_weekday_range CHECK (as_weekday BETWEEN 1 AND 5), -- 0002_venue.sql
	CONSTRAINT calendar_day_kind_known CHECK (kind IN ('holiday', 'makeup')), -- 0002_venue.sql
	CONSTRAINT calendar_day_makeup_works CHECK ((kind = 'makeup') = (as_weekday IS NOT NULL)) -- 0002_venue.sql
);
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON calendar_day FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('day'); -- 0010_rights.sql
CREATE TRIGGER frame AFTER INSERT OR DELETE OR UPDATE ON calendar_day FOR EACH ROW
	EXECUTE FUNCTION frame_counts(); -- 0015_floor.sql
ALTER TABLE calendar_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY catalog ON calendar_day FOR SELECT TO zx_staff USING ((SELECT staff_actor()) IS NOT NULL); -- 0010_rights.sql
CREATE POLICY everything ON calendar_day TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON calendar_day TO zx_staff USING ((SELECT staff_everywhere())); -- 0010_rights.sql
GRANT SELECT ON calendar_day TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_day TO zx_staff;

-- 0003_order.sql
-- A court closed for a while by staff (maintenance, an event).
CREATE TABLE court_block (
	id         bigint NOT NULL,
	venue_id   bigint NOT NULL,
	court_id   bigint NOT NULL,
	during     tstzrange NOT NULL,
	reason     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	version    bigint NOT NULL DEFAULT 1, -- 0009_venue.sql
	CONSTRAINT court_block_pkey PRIMARY KEY (id), -- 0003_order.sql
	CONSTRAINT court_block_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court(id, venue_id), -- 0003_order.sql
	CONSTRAINT court_block_during CHECK (NOT isempty(during) AND lower(during) IS NOT NULL
		AND upper(during) IS NOT NULL) -- 0003_order.sql
);
CREATE INDEX court_block_court ON court_block (court_id); -- 0014_scale.sql
CREATE INDEX court_block_venue ON court_block (venue_id, id); -- 0009_venue.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON court_block FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE CONSTRAINT TRIGGER court_block_has_floor AFTER INSERT OR UPDATE
	ON court_block DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION floor_check(); -- 0015_floor.sql
ALTER TABLE court_block ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON court_block TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON court_block TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON court_block TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON court_block TO zx_staff;

-- 0002_venue.sql
-- One rule: what one hour costs, where and when. What is NULL matches all; the
-- most specific rule that matches wins (lib/venue/price.h).
CREATE TABLE price_rule (
	id         bigint NOT NULL,
	venue_id   bigint NOT NULL,
	sport_id   bigint,
	court_id   bigint,
	day_kind   text,
	weekdays   bigint,
	from_day   date,
	to_day     date,
	opens      bigint NOT NULL DEFAULT 0,
	closes     bigint NOT NULL DEFAULT 1800,
	hour_fen   bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	position   bigint NOT NULL DEFAULT 0, -- 0009_venue.sql
	CONSTRAINT price_rule_pkey PRIMARY KEY (id), -- 0002_venue.sql
	CONSTRAINT price_rule_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court(id, venue_id), -- 0002_venue.sql
	CONSTRAINT price_rule_sport_fk FOREIGN KEY (sport_id) REFERENCES sport(id), -- 0002_venue.sql
	CONSTRAINT price_rule_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0002_venue.sql
	CONSTRAINT price_rule_day_kind_known CHECK (day_kind IN ('holiday', 'makeup')), -- 0002_venue.sql
	CONSTRAINT price_rule_days CHECK ((from_day IS NULL) = (to_day IS NULL) AND from_day <= to_day), -- 0002_venue.sql
	CONSTRAINT price_rule_fen CHECK (hour_fen BETWEEN 0 AND 10000000 AND (hour_fen % 2) = 0), -- 0026_free.sql (0002_venue.sql)
	CONSTRAINT price_rule_minutes CHECK (opens BETWEEN 0 AND 1770 AND closes BETWEEN 30 AND 1800
		AND closes > opens AND (opens % 30) = 0 AND (closes % 30) = 0), -- 0002_venue.sql
	CONSTRAINT price_rule_weekdays_mask CHECK (weekdays BETWEEN 1 AND 127) -- 0002_venue.sql
);
ALTER TABLE price_rule ADD CONSTRAINT price_rule_offer_fk FOREIGN KEY (venue_id, sport_id)
	REFERENCES venue_sport(venue_id, sport_id) NOT VALID; -- 0029_offer_price.sql
CREATE INDEX price_rule_venue ON price_rule (venue_id); -- 0002_venue.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON price_rule FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
ALTER TABLE price_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON price_rule TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON price_rule TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT ON price_rule TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON price_rule TO zx_staff;

-- 0009_venue.sql
-- Minutes of a play day as people write them; "25:30" is half past one of the
-- next morning.
CREATE FUNCTION clock_text(minutes bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ((to_char((minutes / 60), 'FM00') || ':') || to_char((minutes % (60)::bigint), 'FM00'));

-- 0015_floor.sql
-- What an order has read of its venue's frame (hours and dates that differ, the calendar,
-- slot lengths, time zone, how far ahead and until when it sells) is still so when it is
-- made, or it is run again. Each change counts the frame's number up, and the order says
-- the number that it has read (lib/venue/day.c).
CREATE TABLE venue_frame (
	venue_id bigint NOT NULL,
	number   bigint NOT NULL DEFAULT 1,
	CONSTRAINT venue_frame_pkey PRIMARY KEY (venue_id), -- 0015_floor.sql
	CONSTRAINT venue_frame_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id) ON DELETE CASCADE -- 0015_floor.sql
);
ALTER TABLE venue_frame ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON venue_frame TO zx USING (true); -- 0015_floor.sql
CREATE POLICY in_scope ON venue_frame TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0015_floor.sql
GRANT SELECT ON venue_frame TO zx;
GRANT SELECT ON venue_frame TO zx_staff;

-- 0015_floor.sql
-- Who changes a frame waits for the orders that are being made in it, and sees them; new
-- ones wait for him. A lock of this kind is queued for, so that nobody waits for ever
-- behind a rush, and costs no write. NULL: of all venues.
CREATE FUNCTION frame_change(venue bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(920002, coalesce(hashint8(venue), 0));
	UPDATE venue_frame f SET number = f.number + 1 WHERE f.venue_id = venue OR venue IS NULL;
END $$;
REVOKE EXECUTE ON FUNCTION frame_change FROM PUBLIC;

-- 0015_floor.sql
-- The venue's row first, as who ends a venue does (FOR UPDATE) before he changes its frame.
CREATE FUNCTION frame_hold(venue bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	PERFORM 1 FROM venue v WHERE v.id = venue FOR KEY SHARE;
	PERFORM pg_advisory_xact_lock_shared(920002, 0), pg_advisory_xact_lock_shared(920002, hashint8(venue));
	RETURN (SELECT f.number FROM venue_frame f WHERE f.venue_id = venue);
END $$;
REVOKE EXECUTE ON FUNCTION frame_hold FROM PUBLIC;

-- 0015_floor.sql
CREATE FUNCTION frame_counts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	CASE TG_TABLE_NAME
	WHEN 'calendar_day' THEN PERFORM frame_change(NULL);
	WHEN 'venue' THEN PERFORM frame_change(NEW.id);
	ELSE
		PERFORM frame_change(coalesce(NEW.venue_id, OLD.venue_id));
	END CASE;
	RETURN NULL;
END $$;

-- 0015_floor.sql
CREATE FUNCTION frame_begin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	INSERT INTO venue_frame VALUES (NEW.id);
	RETURN NULL;
END $$;


-- Orders ----------------------------------------------------------------------------------------------------

-- 0003_order.sql
CREATE TABLE orders (
	id           bigint NOT NULL,
	no           text NOT NULL,
	account_id   bigint NOT NULL,
	venue_id     bigint NOT NULL,
	play_date    date NOT NULL,
	state        text NOT NULL DEFAULT 'pending',
	pay_state    text NOT NULL DEFAULT 'unpaid',
	amount_fen   bigint NOT NULL,
	paid_fen     bigint NOT NULL DEFAULT 0,
	note         text,
	created_at   timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz NOT NULL,
	paid_at      timestamptz,
	refund_tiers jsonb NOT NULL DEFAULT '[]', -- 0004_settle.sql: as they were when it was sold
	refunded_fen bigint NOT NULL DEFAULT 0, -- 0004_settle.sql: decided, of paid_fen
	closing_to   text, -- 0004_settle.sql
	closing_at   timestamptz, -- 0004_settle.sql
	closed_at    timestamptz, -- 0004_settle.sql
	run_at       timestamptz, -- 0004_settle.sql
	tries        bigint NOT NULL DEFAULT 0, -- 0004_settle.sql
	unconfirmed  boolean NOT NULL DEFAULT false, -- 0004_settle.sql
	frame        bigint, -- 0015_floor.sql
	kept_at      timestamptz, -- 0020_kept.sql
	holds_open   bigint, -- 0031_holds.sql
	holds_ended  bigint, -- 0031_holds.sql
	CONSTRAINT orders_pkey PRIMARY KEY (id), -- 0003_order.sql
	CONSTRAINT orders_no_key UNIQUE (no), -- 0003_order.sql
	CONSTRAINT orders_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0003_order.sql
	CONSTRAINT orders_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0003_order.sql
	CONSTRAINT orders_amount_range CHECK (amount_fen >= 0), -- 0003_order.sql
	CONSTRAINT orders_closed_has_time CHECK ((state NOT IN ('expired', 'cancelled')) OR closed_at IS NOT NULL), -- 0004_settle.sql
	CONSTRAINT orders_closing_is_due CHECK (state <> 'closing' OR closing_to IS NOT NULL
		AND closing_at IS NOT NULL AND run_at IS NOT NULL), -- 0004_settle.sql
	CONSTRAINT orders_closing_to_known CHECK (closing_to IN ('expired', 'cancelled')), -- 0004_settle.sql
	CONSTRAINT orders_no_form CHECK (no ~ '^[0-9]{18,24}$'), -- 0003_order.sql
	CONSTRAINT orders_paid_has_money CHECK ((pay_state = 'unpaid') = (paid_at IS NULL)), -- 0003_order.sql
	CONSTRAINT orders_paid_has_time CHECK ((state = 'paid') <= (paid_at IS NOT NULL)), -- 0003_order.sql
	CONSTRAINT orders_paid_is_amount CHECK (paid_fen = 0 OR paid_fen = amount_fen), -- 0003_order.sql
	CONSTRAINT orders_pay_state_known CHECK (pay_state IN ('unpaid', 'paid', 'part_refunded', 'refunded')), -- 0003_order.sql
	CONSTRAINT orders_pay_state_true CHECK (pay_state = CASE WHEN paid_at IS NULL THEN 'unpaid'
		WHEN refunded_fen = 0 THEN 'paid' WHEN refunded_fen < paid_fen THEN 'part_refunded' ELSE 'refunded'
		END), -- 0004_settle.sql
	CONSTRAINT orders_refunded_range CHECK (refunded_fen BETWEEN 0 AND paid_fen), -- 0004_settle.sql
	CONSTRAINT orders_state_known CHECK (state IN ('pending', 'closing', 'expired', 'cancelled', 'paid')) -- 0003_order.sql
);
CREATE INDEX orders_account ON orders (account_id, created_at DESC, id DESC); -- 0003_order.sql
CREATE INDEX orders_closing ON orders (run_at) WHERE state = 'closing'; -- 0004_settle.sql
CREATE INDEX orders_play_date ON orders (venue_id, play_date DESC, id DESC); -- 0004_settle.sql
CREATE INDEX orders_unpaid ON orders (expires_at) WHERE state IN ('pending', 'closing'); -- 0003_order.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON orders FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER orders_customer AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION customer_note(); -- 0014_scale.sql
CREATE TRIGGER orders_frame BEFORE INSERT ON orders FOR EACH ROW WHEN (new.frame IS NOT NULL)
	EXECUTE FUNCTION frame_check(); -- 0015_floor.sql
CREATE TRIGGER orders_move BEFORE UPDATE OF state ON orders FOR EACH ROW WHEN (old.state <> new.state)
	EXECUTE FUNCTION state_move_check(); -- 0004_settle.sql
CREATE TRIGGER orders_person BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION person_check(); -- 0025_person.sql
-- By its name behind orders_frame and orders_person: locks are taken in that order.
CREATE TRIGGER orders_queued BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION orders_queue(); -- 0018_replaced.sql
-- By its name behind orders_queued: the person's other orders have been made by now.
CREATE TRIGGER orders_within_holds BEFORE INSERT ON orders FOR EACH ROW WHEN (new.holds_open IS NOT NULL
	AND new.amount_fen > 0) EXECUTE FUNCTION holds_check(); -- 0031_holds.sql
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON orders TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON orders TO zx_staff USING (venue_id = ANY (((SELECT CASE
	WHEN staff_everywhere() THEN ARRAY(SELECT v.id FROM venue v) ELSE staff_venues() END
	AS staff_venues))::bigint[])); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON orders TO zx;
GRANT SELECT, UPDATE (state, pay_state, refunded_fen, closed_at, kept_at) ON orders TO zx_staff;

-- 0003_order.sql
CREATE TABLE order_item (
	id          bigint NOT NULL,
	order_id    bigint NOT NULL,
	venue_id    bigint NOT NULL,
	court_id    bigint NOT NULL,
	during      tstzrange NOT NULL,
	price_fen   bigint NOT NULL,
	state       text NOT NULL DEFAULT 'held',
	released_at timestamptz, -- 0004_settle.sql
	refund_fen  bigint, -- 0004_settle.sql: given back by the rule when it was cancelled
	refund_id   bigint, -- 0004_settle.sql
	last_date   date, -- 0032_run_on.sql
	CONSTRAINT order_item_pkey PRIMARY KEY (id), -- 0003_order.sql
	CONSTRAINT order_item_court_fk FOREIGN KEY (court_id, venue_id) REFERENCES court(id, venue_id), -- 0003_order.sql
	CONSTRAINT order_item_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0003_order.sql
	CONSTRAINT order_item_refund_fk FOREIGN KEY (refund_id) REFERENCES refund(id), -- 0004_settle.sql
	CONSTRAINT order_item_during CHECK (lower_inc(during) AND NOT upper_inc(during) AND NOT isempty(during)
		AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL), -- 0003_order.sql
	CONSTRAINT order_item_price CHECK (price_fen >= 0), -- 0003_order.sql
	CONSTRAINT order_item_refund_range CHECK (refund_fen BETWEEN 0 AND price_fen), -- 0004_settle.sql
	CONSTRAINT order_item_released_has_time CHECK ((state = 'released') = (released_at IS NOT NULL)), -- 0004_settle.sql
	CONSTRAINT order_item_state_known CHECK (state IN ('held', 'booked', 'used', 'released')) -- 0003_order.sql
);
-- Behind references to what staff may delete.
CREATE INDEX order_item_court ON order_item (court_id); -- 0014_scale.sql
CREATE INDEX order_item_order ON order_item (order_id); -- 0003_order.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON order_item FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER order_item_alone_again AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN (old.state = 'released' AND new.state = 'booked') EXECUTE FUNCTION order_alone_again(); -- 0018_replaced.sql
CREATE TRIGGER order_item_court_lasts AFTER INSERT ON order_item REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION court_lasts(); -- 0009_venue.sql
CREATE TRIGGER order_item_court_lasts_again AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN (old.state = 'released' AND new.state = 'booked') EXECUTE FUNCTION court_lasts_again(); -- 0013_retake.sql
CREATE CONSTRAINT TRIGGER order_item_has_floor AFTER INSERT ON order_item DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (new.state = 'held') EXECUTE FUNCTION floor_check(); -- 0015_floor.sql
CREATE CONSTRAINT TRIGGER order_item_has_floor_again AFTER UPDATE OF state
	ON order_item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.state = 'released'
	AND new.state <> 'released') EXECUTE FUNCTION floor_check(); -- 0015_floor.sql
CREATE TRIGGER order_item_move BEFORE UPDATE OF state ON order_item FOR EACH ROW WHEN (old.state <> new.state)
	EXECUTE FUNCTION state_move_check(); -- 0004_settle.sql
CREATE TRIGGER order_item_outside_again AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN (old.state = 'used' AND new.state = 'booked') EXECUTE FUNCTION outside_item_again(); -- 0042_booked_again.sql
CREATE TRIGGER order_item_outside_over AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN ((old.state IN ('held', 'booked')) AND (new.state IN ('used', 'released')))
	EXECUTE FUNCTION outside_item_over(); -- 0023_outside.sql
CREATE TRIGGER order_item_use_refunded BEFORE UPDATE OF state ON order_item FOR EACH ROW
	WHEN (old.state = 'booked' AND new.state = 'used' AND new.price_fen > 0)
	EXECUTE FUNCTION checkin_of_refunded(); -- 0042_booked_again.sql (0020_kept.sql)
ALTER TABLE order_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON order_item TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON order_item TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON order_item TO zx;
GRANT SELECT, UPDATE (state, released_at, refund_fen, refund_id) ON order_item TO zx_staff;

-- 0003_order.sql
-- The rule that no court is sold twice: one row per unit and half hour, for
-- whatever holds it. Rows are inserted in the key's order by one statement,
-- so that two orders never wait for each other in a circle.
CREATE TABLE occupancy (
	unit_id  bigint NOT NULL,
	at       timestamptz NOT NULL,
	item_id  bigint,
	block_id bigint,
	CONSTRAINT occupancy_pkey PRIMARY KEY (unit_id, at), -- 0003_order.sql
	CONSTRAINT occupancy_block_fk FOREIGN KEY (block_id) REFERENCES court_block(id), -- 0003_order.sql
	CONSTRAINT occupancy_item_fk FOREIGN KEY (item_id) REFERENCES order_item(id), -- 0003_order.sql
	CONSTRAINT occupancy_unit_fk FOREIGN KEY (unit_id) REFERENCES unit(id), -- 0003_order.sql
	CONSTRAINT occupancy_one_holder CHECK (num_nonnulls(item_id, block_id) = 1), -- 0003_order.sql
	CONSTRAINT occupancy_step CHECK ((EXTRACT(epoch FROM at)::bigint % 1800) = 0) -- 0003_order.sql
);
CREATE INDEX occupancy_block ON occupancy (block_id) WHERE block_id IS NOT NULL; -- 0003_order.sql
CREATE INDEX occupancy_item ON occupancy (item_id); -- 0003_order.sql
CREATE TRIGGER occupancy_to_block AFTER DELETE ON occupancy REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
	EXECUTE FUNCTION floor_to_block(); -- 0023_outside.sql
ALTER TABLE occupancy ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON occupancy TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON occupancy TO zx_staff USING ((SELECT staff_everywhere())
	OR (unit_id IN (SELECT u.id FROM unit u))); -- 0010_rights.sql
GRANT SELECT, INSERT, DELETE ON occupancy TO zx;
GRANT SELECT, INSERT, DELETE ON occupancy TO zx_staff;

-- 0015_floor.sql
CREATE FUNCTION frame_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF frame_hold(NEW.venue_id) IS DISTINCT FROM NEW.frame THEN
		RAISE EXCEPTION 'the frame of venue % has changed', NEW.venue_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0023_outside.sql (0015_floor.sql)
-- 0015: Looked at when the transaction ends, because an item is there before its steps are.
-- The court's row is held by then (a foreign key, courts_hold), so its units stay.
-- 0023: A block also lies over what is sold and chosen for: it holds the rest, and the floor of a
-- period falls to it when that is given up.
CREATE FUNCTION floor_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	units bigint := (SELECT count(*) FROM court_unit u WHERE u.court_id = NEW.court_id);
	steps bigint := extract(epoch FROM upper(NEW.during) - lower(NEW.during))::bigint / 1800;
	held bigint;
BEGIN
	IF TG_TABLE_NAME = 'order_item' THEN
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE o.item_id = NEW.id AND u.court_id = NEW.court_id AND NEW.during @> o.at);
	ELSE
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE (o.block_id = NEW.id OR EXISTS (SELECT 1 FROM outside_item x
				WHERE x.item_id = o.item_id AND x.choice IS NOT NULL))
			AND u.court_id = NEW.court_id AND o.at >= lower(NEW.during) AND o.at < upper(NEW.during));
	END IF;
	IF held = 0 OR held <> units * steps THEN
		RAISE EXCEPTION '% half hours of floor are held, not %', held, units * steps
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;

-- 0015_floor.sql
-- And no unit leaves or joins a court while somebody has it ahead of him. Orders under
-- way hold the court's row: they are waited for.
CREATE FUNCTION court_unit_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	courts bigint[] := ARRAY[OLD.court_id, NEW.court_id];
BEGIN
	IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
		RETURN NULL;
	END IF;
	PERFORM 1 FROM court c WHERE c.id = ANY (courts) ORDER BY c.id FOR UPDATE;
	IF EXISTS (SELECT 1 FROM order_item i WHERE i.court_id = ANY (courts) AND i.state <> 'released'
			AND upper(i.during) > now())
		OR EXISTS (SELECT 1 FROM court_block b WHERE b.court_id = ANY (courts) AND upper(b.during) > now()) THEN
		RAISE EXCEPTION 'somebody has the court'
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;

-- 0023_outside.sql
CREATE FUNCTION floor_to_block() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	INSERT INTO occupancy (unit_id, at, block_id)
		SELECT DISTINCT ON (g.unit_id, g.at) g.unit_id, g.at, b.id FROM gone g
		JOIN court_unit u ON u.unit_id = g.unit_id
		JOIN court_block b ON b.court_id = u.court_id AND b.during @> g.at
		WHERE g.item_id IS NOT NULL ORDER BY g.unit_id, g.at, b.id
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;

-- 0023_outside.sql
-- A day is closed, hours are shortened, a court is blocked or ended while periods are sold.
-- Each of these periods is written down until people have chosen: it is kept, or cancelled
-- by the venue and given back in full (lib/pay/settle.h). What is chosen to be given back
-- stays so, and what could not be given back yet has a trouble.
CREATE TABLE outside_item (
	item_id   bigint NOT NULL,
	order_id  bigint NOT NULL, -- no foreign keys: whoever closes must not wait for orders here
	venue_id  bigint NOT NULL,
	choice    text,
	reason    text NOT NULL DEFAULT '', -- the customer reads it
	listed_at timestamptz NOT NULL DEFAULT now(),
	chosen_at timestamptz,
	chosen_by bigint,
	run_at    timestamptz NOT NULL DEFAULT now(),
	tries     bigint NOT NULL DEFAULT 0,
	trouble   text,
	done_at   timestamptz, -- nothing is left to be done
	CONSTRAINT outside_item_pkey PRIMARY KEY (item_id), -- 0023_outside.sql
	CONSTRAINT outside_item_chosen_by_fk FOREIGN KEY (chosen_by) REFERENCES account(id), -- 0023_outside.sql
	CONSTRAINT outside_item_item_fk FOREIGN KEY (item_id) REFERENCES order_item(id), -- 0023_outside.sql
	CONSTRAINT outside_item_choice_known CHECK (choice IN ('keep', 'refund_all')), -- 0023_outside.sql
	CONSTRAINT outside_item_chosen_at_some CHECK ((choice IS NULL) = (chosen_at IS NULL)), -- 0023_outside.sql
	CONSTRAINT outside_item_kept_is_done CHECK (choice <> 'keep' OR done_at IS NOT NULL), -- 0023_outside.sql
	CONSTRAINT outside_item_refund_says_why CHECK (choice <> 'refund_all' OR reason <> '') -- 0023_outside.sql
);
CREATE INDEX outside_item_due ON outside_item (run_at) WHERE choice = 'refund_all' AND done_at IS NULL; -- 0023_outside.sql
CREATE INDEX outside_item_open ON outside_item (venue_id, item_id) WHERE done_at IS NULL; -- 0023_outside.sql
CREATE INDEX outside_item_order ON outside_item (order_id); -- 0023_outside.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON outside_item FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('item_id'); -- 0023_outside.sql
CREATE CONSTRAINT TRIGGER outside_item_decided AFTER UPDATE ON outside_item DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (old.choice IS DISTINCT FROM new.choice OR old.done_at IS DISTINCT FROM new.done_at
	OR old.trouble IS DISTINCT FROM new.trouble) EXECUTE FUNCTION outside_item_work(); -- 0023_outside.sql
CREATE CONSTRAINT TRIGGER outside_item_listed AFTER INSERT OR DELETE
	ON outside_item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION outside_item_work(); -- 0023_outside.sql
CREATE TRIGGER outside_item_rights BEFORE INSERT OR UPDATE OF choice ON outside_item FOR EACH ROW
	WHEN (new.choice = 'refund_all' AND current_setting('zx.actor', true) <> '')
	EXECUTE FUNCTION outside_item_rights(); -- 0023_outside.sql
CREATE TRIGGER outside_item_stays BEFORE UPDATE OF choice ON outside_item FOR EACH ROW
	WHEN (old.choice = 'refund_all' AND old.done_at IS NULL AND new.choice IS DISTINCT FROM 'refund_all')
	EXECUTE FUNCTION outside_item_stays(); -- 0023_outside.sql
ALTER TABLE outside_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON outside_item TO zx USING (true); -- 0023_outside.sql
CREATE POLICY in_scope ON outside_item TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0023_outside.sql
GRANT SELECT, UPDATE ON outside_item TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON outside_item TO zx_staff;

-- 0023_outside.sql
-- Money that goes back needs the permission for that, too.
CREATE FUNCTION outside_item_rights() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM account_role r JOIN role_permission p ON p.role = r.role
			WHERE r.account_id = staff_actor() AND p.permission = 'refund'
			AND (r.venue_id IS NULL OR r.venue_id = NEW.venue_id)) THEN
		PERFORM staff_refuse('forbidden');
	END IF;
	RETURN NEW;
END $$;

-- 0023_outside.sql
-- What is to be given back stays so.
CREATE FUNCTION outside_item_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'item % is to be given back', OLD.item_id
		USING ERRCODE = 'check_violation', CONSTRAINT = 'outside_item_stays', TABLE = TG_TABLE_NAME;
END $$;

-- 0023_outside.sql
CREATE FUNCTION outside_item_work() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	its_order bigint := coalesce(NEW.order_id, OLD.order_id);
	its_key text := 'sold_outside:' || its_order;
	left_over jsonb;
BEGIN
	PERFORM 1 FROM work_item w WHERE w.key = its_key FOR UPDATE;
	left_over := (SELECT jsonb_agg(jsonb_build_object('item_id', x.item_id, 'choice', x.choice,
			'trouble', x.trouble) ORDER BY x.item_id) FROM outside_item x
		WHERE x.order_id = its_order AND x.done_at IS NULL AND (x.choice IS NULL OR x.trouble IS NOT NULL));
	IF left_over IS NULL THEN
		UPDATE work_item SET done_at = now(), done_by = staff_actor(), note = '已处理'
			WHERE key = its_key AND done_at IS NULL;
	ELSE
		INSERT INTO work_item (id, key, kind, venue_id, order_id, detail)
			VALUES (nextval('id_block') * 256, its_key, 'sold_outside', coalesce(NEW.venue_id, OLD.venue_id),
				its_order, jsonb_build_object('items', left_over))
			ON CONFLICT ON CONSTRAINT work_item_key DO UPDATE SET detail = excluded.detail,
				opened_at = CASE WHEN work_item.done_at IS NULL THEN work_item.opened_at ELSE now() END,
				done_at = NULL, done_by = NULL, note = NULL;
	END IF;
	RETURN NULL;
END $$;

-- 0023_outside.sql
-- Whoever gives a period up, or uses it: nothing is left to be decided.
CREATE FUNCTION outside_item_over() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	UPDATE outside_item SET done_at = now(), trouble = NULL WHERE item_id = NEW.id AND done_at IS NULL;
	RETURN NULL;
END $$;

-- 0042_booked_again.sql
-- Undoing a check-in takes no choice of the venue back: what was to be given back is to be
-- given back again.
CREATE FUNCTION outside_item_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	UPDATE outside_item SET done_at = NULL, run_at = now()
		WHERE item_id = NEW.id AND choice = 'refund_all' AND done_at IS NOT NULL;
	RETURN NULL;
END $$;

-- 0003_order.sql
-- How many periods a person holds on a play day; the limit in force is written
-- with the count, so that the constraint itself refuses the one too many.
CREATE TABLE booking_day (
	account_id bigint NOT NULL,
	play_date  date NOT NULL,
	periods    bigint NOT NULL,
	allowed    bigint NOT NULL,
	CONSTRAINT booking_day_pkey PRIMARY KEY (account_id, play_date), -- 0003_order.sql
	CONSTRAINT booking_day_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0003_order.sql
	CONSTRAINT booking_day_within_limit CHECK (periods BETWEEN 0 AND allowed) -- 0003_order.sql
);
ALTER TABLE booking_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON booking_day TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON booking_day TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM account a WHERE a.id = booking_day.account_id))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON booking_day TO zx;
GRANT SELECT, UPDATE (periods) ON booking_day TO zx_staff;

-- 0004_settle.sql
-- Which state may follow which. Statements are guarded by `WHERE state = …`
-- anyway; this is the wall behind them, and the table to read.
CREATE TABLE state_move (
	entity  text NOT NULL,
	was     text NOT NULL,
	becomes text NOT NULL,
	says    text NOT NULL,
	CONSTRAINT state_move_pkey PRIMARY KEY (entity, was, becomes) -- 0004_settle.sql
);
-- Rows from the migrations:
--   entity           was       becomes    says
--   order_item       booked    released   cancelled
--   order_item       booked    used       checked in
--   order_item       held      booked     the order is paid
--   order_item       held      released   the order ended unpaid
--   order_item       released  booked     taken again by late money
--   order_item       used      booked     the check-in was undone
--   orders           closing   cancelled  courts freed
--   orders           closing   expired    courts freed
--   orders           closing   paid       paid while it closed
--   orders           expired   paid       late money, courts still free
--   orders           paid      cancelled  all of it given up
--   orders           pending   cancelled  no channel has heard of it
--   orders           pending   closing    expired or cancelled: the channel is told first
--   orders           pending   paid       paid in time
--   payment_attempt  closed    paid       late money, courts taken again
--   payment_attempt  closed    surplus    late money
--   payment_attempt  created   closed     can not be paid any more
--   payment_attempt  created   paid       paid before we knew the ticket
--   payment_attempt  created   prepaid    the channel gave a ticket
--   payment_attempt  created   surplus    paid, and the order does not need it
--   payment_attempt  prepaid   closed     can not be paid any more
--   payment_attempt  prepaid   paid       paid
--   payment_attempt  prepaid   surplus    paid, and the order does not need it
--   refund           accepted  stuck      the channel could not do it
--   refund           accepted  succeeded  the customer has the money
--   refund           created   accepted   the channel works on it
--   refund           created   by_hand    staff paid it another way while the channel refused it
--   refund           created   stuck      refused
--   refund           created   succeeded  the channel was quick
--   refund           stuck     by_hand    staff paid it another way
--   refund           stuck     created    staff try again
--   refund           stuck     succeeded  settled at the channel
--   refund           stuck     void       another number takes its place
GRANT SELECT ON state_move TO zx;
GRANT SELECT ON state_move TO zx_staff;

-- 0004_settle.sql
CREATE FUNCTION state_move_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM state_move
		WHERE entity = TG_TABLE_NAME AND was = OLD.state AND becomes = NEW.state) THEN
		RAISE EXCEPTION '% % can not go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_move', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0032_run_on.sql (0009_venue.sql)
-- An order that read the day before a desk ended the court, and is inserted after:
-- its reference to the court has waited for the desk's transaction by the time this
-- looks, because what is done for each row comes before what is done for all.
CREATE FUNCTION court_lasts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM added i JOIN orders o ON o.id = i.order_id JOIN court c ON c.id = i.court_id
		JOIN venue v ON v.id = o.venue_id
		WHERE least(c.ends_on, v.ends_on) <= coalesce(i.last_date, o.play_date)) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;

-- 0032_run_on.sql (0013_retake.sql)
-- The wall behind it, as order_item_court_lasts is for new items.
CREATE FUNCTION court_lasts_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM orders o JOIN venue v ON v.id = o.venue_id JOIN court c ON c.id = NEW.court_id
		WHERE o.id = NEW.order_id AND least(c.ends_on, v.ends_on) <= coalesce(NEW.last_date, o.play_date)) THEN
		RAISE EXCEPTION 'the court is not for sale on that date'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_court_lasts', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;

-- 0015_floor.sql (0013_retake.sql)
-- 0013: As an order's items do by their foreign keys, against who changes venue or court
-- (FOR UPDATE): whoever comes second sees what the first has done. The program's
-- role may not lock them by itself.
-- 0015: Late money reads the frame after this, and so needs no number.
CREATE FUNCTION courts_hold(of_order bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	PERFORM frame_hold((SELECT o.venue_id FROM orders o WHERE o.id = of_order));
	PERFORM 1 FROM court c WHERE c.id IN (SELECT i.court_id FROM order_item i WHERE i.order_id = of_order)
		ORDER BY c.id FOR KEY SHARE;
END $$;
REVOKE EXECUTE ON FUNCTION courts_hold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courts_hold TO zx;

-- 0041_person_holds.sql (0018_replaced.sql)
-- 0018: A person's orders are made, and brought back, one after the other: whoever comes second
-- sees what the first has done. Taken behind the frame and the account's row, as late money
-- takes them (lib/order/ending.h).
-- 0041: One after the other are the orders of a person, whichever account makes them.
CREATE FUNCTION bookings_hold(account bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(920003, hashint8(person_of(account)));
END $$;

-- 0018_replaced.sql
CREATE FUNCTION orders_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bookings_hold(NEW.account_id);
	RETURN NEW;
END $$;

-- 0041_person_holds.sql (0031_holds.sql)
-- Until when this account can't make another order that is to be paid, if it pays nothing;
-- NULL: it can now. So many may wait at once (those whose time is over do not), and so many
-- may end unpaid within 24 hours: those that wait are counted as if they will. What the
-- venue has given up does not count, nor what was paid in time after all, nor what staff
-- have lifted.
CREATE FUNCTION holds_until(account bigint, at_once bigint, ended_a_day bigint) RETURNS timestamptz LANGUAGE
	sql STABLE SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	WITH unpaid AS MATERIALIZED (SELECT o.id, o.expires_at,
			o.state = 'pending' AND o.expires_at > now() AS waits,
			coalesce(o.closing_at, o.closed_at, o.expires_at) AS ended_at
		FROM orders o WHERE o.account_id = ANY (person_accounts(account))
			AND o.created_at > now() - interval '2 days' AND o.pay_state = 'unpaid'),
	ended AS (SELECT u.ended_at FROM unpaid u
		WHERE u.ended_at > now() - interval '24 hours'
		AND NOT EXISTS (SELECT 1 FROM violation v WHERE v.order_id = u.id AND v.lifted_at IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM payment_attempt a
			WHERE a.order_id = u.id AND a.state = 'surplus' AND a.paid_at < u.expires_at)
		AND NOT EXISTS (SELECT 1 FROM outside_item x WHERE x.order_id = u.id AND x.choice = 'refund_all'))
	SELECT greatest(
		(SELECT u.expires_at FROM unpaid u WHERE u.waits ORDER BY u.expires_at DESC
			OFFSET at_once - 1 LIMIT 1),
		(SELECT e.ended_at + interval '24 hours' FROM ended e ORDER BY e.ended_at DESC
			OFFSET ended_a_day - 1 LIMIT 1))
$$;
REVOKE EXECUTE ON FUNCTION holds_until FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holds_until TO zx;

-- 0031_holds.sql
CREATE FUNCTION holds_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	IF holds_until(NEW.account_id, NEW.holds_open, NEW.holds_ended) IS NOT NULL THEN
		RAISE EXCEPTION 'account % has too many unpaid orders', NEW.account_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0018_replaced.sql
-- Has its customer another living order at an hour of this one, at whatever venue, made
-- since then? One that he has given up does not count, though its court may still be held.
CREATE FUNCTION order_replaced(of_order bigint, since timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT 1 FROM orders o
		JOIN orders n ON n.account_id = o.account_id AND n.id <> o.id AND n.created_at >= since
			AND (n.state IN ('pending', 'paid') OR n.state = 'closing' AND n.closing_to = 'expired')
		JOIN order_item i ON i.order_id = n.id AND i.state <> 'released'
		JOIN order_item w ON w.order_id = o.id AND w.during && i.during
		WHERE o.id = of_order)
$$;

-- 0018_replaced.sql
-- The wall behind it.
CREATE FUNCTION order_alone_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bookings_hold((SELECT o.account_id FROM orders o WHERE o.id = NEW.order_id));
	IF order_replaced(NEW.order_id, '-infinity') THEN
		RAISE EXCEPTION 'order % has been replaced', NEW.order_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;

-- 0014_scale.sql
-- Who has ever ordered where: a row at the first order. Written only by the trigger.
-- Two first orders of one person at one venue wait here for each other; what an order
-- takes before (the day's count) others do not wait for behind this row, and what it
-- takes after (courts) it does not hold yet, so there is no circle.
CREATE TABLE venue_customer (
	venue_id   bigint NOT NULL,
	account_id bigint NOT NULL,
	CONSTRAINT venue_customer_pkey PRIMARY KEY (venue_id, account_id), -- 0014_scale.sql
	CONSTRAINT venue_customer_account_fk FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE, -- 0014_scale.sql
	CONSTRAINT venue_customer_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id) ON DELETE CASCADE -- 0014_scale.sql
);
CREATE INDEX venue_customer_account ON venue_customer (account_id, venue_id); -- 0014_scale.sql
ALTER TABLE venue_customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON venue_customer TO zx_staff USING (venue_id = ANY (((SELECT CASE
	WHEN staff_everywhere() THEN ARRAY(SELECT v.id FROM venue v) ELSE staff_venues() END
	AS staff_venues))::bigint[])); -- 0014_scale.sql
GRANT SELECT ON venue_customer TO zx_staff;

-- 0014_scale.sql
CREATE FUNCTION customer_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
BEGIN
	INSERT INTO venue_customer (venue_id, account_id) VALUES (NEW.venue_id, NEW.account_id)
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;

-- 0004_settle.sql
-- Who let courts go to waste. Counted since the last ban.
CREATE TABLE violation (
	id          bigint NOT NULL,
	account_id  bigint NOT NULL,
	order_id    bigint NOT NULL,
	kind        text NOT NULL,
	at          timestamptz NOT NULL DEFAULT now(),
	lifted_at   timestamptz,
	lifted_by   bigint,
	lift_reason text,
	CONSTRAINT violation_pkey PRIMARY KEY (id), -- 0004_settle.sql
	CONSTRAINT violation_order_key UNIQUE (order_id, kind), -- 0004_settle.sql
	CONSTRAINT violation_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT violation_lifted_by_fk FOREIGN KEY (lifted_by) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT violation_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0004_settle.sql
	CONSTRAINT violation_kind_known CHECK (kind = 'expired'), -- 0004_settle.sql
	CONSTRAINT violation_lift_has_reason CHECK ((lifted_at IS NULL) = (lift_reason IS NULL)) -- 0004_settle.sql
);
CREATE INDEX violation_account ON violation (account_id, at); -- 0004_settle.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON violation FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
ALTER TABLE violation ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON violation TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON violation TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM account a WHERE a.id = violation.account_id))); -- 0010_rights.sql
CREATE POLICY own ON violation AS RESTRICTIVE FOR UPDATE TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM orders o WHERE o.id = violation.order_id))); -- 0027_ban_venue.sql
GRANT SELECT, INSERT, UPDATE ON violation TO zx;
GRANT SELECT, UPDATE (lifted_at, lifted_by, lift_reason) ON violation TO zx_staff;

-- 0004_settle.sql
CREATE TABLE ban (
	id          bigint NOT NULL,
	account_id  bigint NOT NULL,
	since       timestamptz NOT NULL DEFAULT now(),
	until       timestamptz NOT NULL,
	reason      text NOT NULL,
	lifted_at   timestamptz,
	lifted_by   bigint,
	lift_reason text,
	told_at     timestamptz, -- 0019_told.sql: that it began
	end_told_at timestamptz, -- 0019_told.sql
	venue_ids   bigint[] NOT NULL DEFAULT '{}'::bigint[], -- 0027_ban_venue.sql
	CONSTRAINT ban_pkey PRIMARY KEY (id), -- 0004_settle.sql
	CONSTRAINT ban_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT ban_lifted_by_fk FOREIGN KEY (lifted_by) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT ban_life CHECK (until > since), -- 0004_settle.sql
	CONSTRAINT ban_lift_has_reason CHECK ((lifted_at IS NULL) = (lift_reason IS NULL)) -- 0004_settle.sql
);
CREATE INDEX ban_account ON ban (account_id, until); -- 0004_settle.sql
CREATE INDEX ban_untold ON ban (id) WHERE end_told_at IS NULL; -- 0019_told.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON ban FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
ALTER TABLE ban ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON ban TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON ban TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM account a WHERE a.id = ban.account_id))); -- 0010_rights.sql
CREATE POLICY own ON ban AS RESTRICTIVE FOR UPDATE TO zx_staff USING ((SELECT staff_everywhere())
	OR venue_ids <> '{}'::bigint[] AND venue_ids <@ (SELECT staff_venues())); -- 0027_ban_venue.sql
GRANT SELECT, INSERT, UPDATE ON ban TO zx;
GRANT SELECT, UPDATE (lifted_at, lifted_by, lift_reason) ON ban TO zx_staff;

-- 0025_person.sql
-- The wall: an order is made while nothing changes for its person, and looks last.
CREATE FUNCTION person_check() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	person bigint;
BEGIN
	LOOP
		person := person_of(NEW.account_id);
		PERFORM 1 FROM account a WHERE a.id IN (NEW.account_id, person) ORDER BY a.id FOR SHARE;
		EXIT WHEN person IS NOT DISTINCT FROM person_of(NEW.account_id);
	END LOOP;
	IF EXISTS (SELECT 1 FROM ban b WHERE b.account_id = ANY (person_accounts(NEW.account_id))
			AND b.lifted_at IS NULL AND b.until > now()) THEN
		RAISE EXCEPTION 'person % is banned', person
			USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_banned', TABLE = TG_TABLE_NAME;
	ELSIF EXISTS (SELECT 1 FROM venue v, account a WHERE v.id = NEW.venue_id AND v.phone_required
			AND a.id = NEW.account_id AND a.phone IS NULL) THEN
		RAISE EXCEPTION 'account % has no phone', NEW.account_id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_phone', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0027_ban_venue.sql
-- A ban ends when too few of its violations are left, whoever has lifted which.
CREATE FUNCTION bans_review(account bigint, why text, fewest bigint, days bigint) RETURNS void LANGUAGE sql
	SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	UPDATE ban b SET lifted_at = now(), lift_reason = why FROM person_accounts(account) AS p(accounts)
		WHERE b.account_id = ANY (p.accounts) AND b.lifted_at IS NULL AND b.until > now() AND fewest >
			(SELECT count(*) FROM violation v WHERE v.account_id = ANY (p.accounts)
			AND v.lifted_at IS NULL AND v.at <= b.since AND v.at > b.since - make_interval(days => days::int)
			AND v.at > coalesce((SELECT max(l.since) FROM ban l WHERE l.account_id = ANY (p.accounts)
				AND l.since < b.since), '-infinity'))
$$;
REVOKE EXECUTE ON FUNCTION bans_review FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bans_review TO zx, zx_staff;


-- Check-in --------------------------------------------------------------------------------------------------

-- 0003_order.sql
CREATE TABLE checkin_code (
	order_id   bigint NOT NULL,
	short_code text NOT NULL,
	nonce      text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT checkin_code_pkey PRIMARY KEY (order_id), -- 0003_order.sql
	CONSTRAINT checkin_code_short_key UNIQUE (short_code), -- 0003_order.sql
	CONSTRAINT checkin_code_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0003_order.sql
	CONSTRAINT checkin_code_short_form CHECK (short_code ~ '^[0-9]{10}$') -- 0003_order.sql
);
ALTER TABLE checkin_code ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON checkin_code TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON checkin_code TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM orders o WHERE o.id = checkin_code.order_id))); -- 0010_rights.sql
GRANT SELECT, INSERT ON checkin_code TO zx;
GRANT SELECT ON checkin_code TO zx_staff;

-- 0003_order.sql
-- An item is used once.
CREATE TABLE checkin (
	item_id  bigint NOT NULL,
	order_id bigint NOT NULL,
	venue_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	method   text NOT NULL,
	at       timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT checkin_pkey PRIMARY KEY (item_id), -- 0003_order.sql
	CONSTRAINT checkin_item_fk FOREIGN KEY (item_id) REFERENCES order_item(id), -- 0003_order.sql
	CONSTRAINT checkin_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0003_order.sql
	CONSTRAINT checkin_staff_fk FOREIGN KEY (staff_id) REFERENCES account(id), -- 0003_order.sql
	CONSTRAINT checkin_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0003_order.sql
	CONSTRAINT checkin_method_known CHECK (method IN ('scan', 'typed', 'number')) -- 0003_order.sql
);
CREATE INDEX checkin_order ON checkin (order_id); -- 0021_checkin_undone.sql
CREATE INDEX checkin_venue ON checkin (venue_id); -- 0014_scale.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON checkin FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('item_id'); -- 0010_rights.sql
ALTER TABLE checkin ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON checkin TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON checkin TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT, INSERT ON checkin TO zx;
GRANT SELECT, INSERT, DELETE ON checkin TO zx_staff;

-- 0021_checkin_undone.sql
-- A check-in that was a mistake is taken back: its row moves here, with who did it and why.
CREATE TABLE checkin_undone (
	item_id   bigint NOT NULL,
	order_id  bigint NOT NULL,
	venue_id  bigint NOT NULL,
	staff_id  bigint NOT NULL,
	method    text NOT NULL,
	at        timestamptz NOT NULL,
	undone_by bigint NOT NULL,
	undone_at timestamptz NOT NULL DEFAULT now(),
	reason    text NOT NULL,
	CONSTRAINT checkin_undone_pkey PRIMARY KEY (item_id, at), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_by_fk FOREIGN KEY (undone_by) REFERENCES account(id), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_item_fk FOREIGN KEY (item_id) REFERENCES order_item(id), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_staff_fk FOREIGN KEY (staff_id) REFERENCES account(id), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0021_checkin_undone.sql
	CONSTRAINT checkin_undone_after CHECK (undone_at >= at) -- 0021_checkin_undone.sql
);
CREATE INDEX checkin_undone_order ON checkin_undone (order_id); -- 0021_checkin_undone.sql
CREATE INDEX checkin_undone_venue ON checkin_undone (venue_id); -- 0021_checkin_undone.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON checkin_undone FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('item_id'); -- 0021_checkin_undone.sql
ALTER TABLE checkin_undone ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON checkin_undone TO zx USING (true); -- 0021_checkin_undone.sql
CREATE POLICY in_scope ON checkin_undone TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0021_checkin_undone.sql
GRANT SELECT ON checkin_undone TO zx;
GRANT SELECT, INSERT ON checkin_undone TO zx_staff;

-- 0003_order.sql
-- Every try, also the refused ones.
CREATE TABLE checkin_try (
	id       bigint NOT NULL,
	order_id bigint,
	staff_id bigint NOT NULL,
	method   text NOT NULL,
	result   text NOT NULL,
	at       timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT checkin_try_pkey PRIMARY KEY (id) -- 0003_order.sql
);
CREATE INDEX checkin_try_order ON checkin_try (order_id); -- 0003_order.sql
ALTER TABLE checkin_try ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON checkin_try TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON checkin_try TO zx_staff USING (staff_id = (SELECT staff_actor())); -- 0010_rights.sql
GRANT SELECT, INSERT ON checkin_try TO zx;
GRANT INSERT ON checkin_try TO zx_staff;

-- 0020_kept.sql
-- Both the refund and the check-in hold the order's row.
CREATE FUNCTION checkin_of_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM orders o WHERE o.id = NEW.order_id AND o.pay_state = 'refunded'
		AND o.kept_at IS NULL) THEN
		RAISE EXCEPTION 'the money of order % went back', NEW.order_id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'order_item_use_refunded', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0010_rights.sql
-- The order behind what was scanned or typed, wherever it was sold: a front desk
-- is told that an order is another venue's, and the try is written down.
CREATE FUNCTION order_venue(short text, id bigint, nonce text, number text, OUT order_id bigint, OUT venue_id
	bigint) RETURNS record LANGUAGE sql STABLE SECURITY DEFINER SET search_path
	TO 'pg_catalog', 'public', 'pg_temp' AS $$
	SELECT o.id, o.venue_id FROM orders o WHERE o.id = (
		SELECT c.order_id FROM checkin_code c WHERE c.short_code = $1
		UNION ALL SELECT c.order_id FROM checkin_code c WHERE c.order_id = $2 AND c.nonce = $3
		UNION ALL SELECT n.id FROM orders n WHERE n.no = $4)
$$;


-- Money -----------------------------------------------------------------------------------------------------

-- 0003_order.sql
-- One try to pay an order through a channel: one out_trade_no. Money that came
-- without an order to fulfil is surplus. The request is
-- kept as sent: WeChat refuses a repeat that differs in any parameter.
CREATE TABLE payment_attempt (
	id             bigint NOT NULL,
	order_id       bigint NOT NULL,
	channel        text NOT NULL,
	method         text NOT NULL,
	out_trade_no   text NOT NULL,
	amount_fen     bigint NOT NULL,
	state          text NOT NULL DEFAULT 'created',
	request        text NOT NULL,
	prepay         text,
	prepaid_at     timestamptz,
	transaction_id text,
	payer          text,
	paid_at        timestamptz,
	created_at     timestamptz NOT NULL DEFAULT now(),
	refunded_fen   bigint NOT NULL DEFAULT 0, -- 0004_settle.sql
	ask_at         timestamptz NOT NULL DEFAULT now() + '00:00:05'::interval, -- 0004_settle.sql
	asked          bigint NOT NULL DEFAULT 0, -- 0004_settle.sql
	payer_mark     bigint NOT NULL DEFAULT 0, -- 0016_refund.sql
	settled_fen    bigint, -- 0038_settled.sql
	close_at       timestamptz, -- 0040_closing_attempt.sql
	close_tries    bigint NOT NULL DEFAULT 0, -- 0040_closing_attempt.sql
	CONSTRAINT payment_attempt_pkey PRIMARY KEY (id), -- 0003_order.sql
	CONSTRAINT payment_attempt_out_trade_no_key UNIQUE (out_trade_no), -- 0003_order.sql
	CONSTRAINT payment_attempt_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0003_order.sql
	CONSTRAINT payment_attempt_amount CHECK (amount_fen > 0), -- 0003_order.sql
	CONSTRAINT payment_attempt_channel_known CHECK (channel IN ('wechat', 'alipay')), -- 0003_order.sql
	CONSTRAINT payment_attempt_close_tries_range CHECK (close_tries >= 0), -- 0040_closing_attempt.sql
	CONSTRAINT payment_attempt_method_known CHECK (method IN ('jsapi', 'native')), -- 0003_order.sql
	CONSTRAINT payment_attempt_paid_has_proof
		CHECK ((state IN ('paid', 'surplus')) = (transaction_id IS NOT NULL)), -- 0003_order.sql
	CONSTRAINT payment_attempt_refunded_range CHECK (refunded_fen BETWEEN 0 AND CASE
		WHEN transaction_id IS NULL THEN 0 ELSE amount_fen END), -- 0004_settle.sql
	CONSTRAINT payment_attempt_settled_range CHECK (settled_fen BETWEEN 0 AND CASE
		WHEN transaction_id IS NULL THEN 0 ELSE amount_fen END), -- 0038_settled.sql
	CONSTRAINT payment_attempt_state_known
		CHECK (state IN ('created', 'prepaid', 'closed', 'paid', 'surplus')) -- 0003_order.sql
);
CREATE INDEX payment_attempt_ask ON payment_attempt (ask_at) WHERE state IN ('created', 'prepaid'); -- 0004_settle.sql
CREATE UNIQUE INDEX payment_attempt_open_once ON payment_attempt (order_id, channel, method, payer_mark)
	WHERE state IN ('created', 'prepaid'); -- 0016_refund.sql (0003_order.sql)
CREATE INDEX payment_attempt_order ON payment_attempt (order_id); -- 0003_order.sql
CREATE INDEX payment_attempt_paid_at ON payment_attempt (paid_at) WHERE paid_at IS NOT NULL; -- 0004_settle.sql
CREATE UNIQUE INDEX payment_attempt_paid_once ON payment_attempt (order_id) WHERE state = 'paid'; -- 0003_order.sql
CREATE INDEX payment_attempt_surplus ON payment_attempt (paid_at) WHERE state = 'surplus'; -- 0005_reconcile.sql
CREATE UNIQUE INDEX payment_attempt_transaction_key ON payment_attempt (channel, transaction_id); -- 0003_order.sql
CREATE TRIGGER payment_attempt_forgets BEFORE UPDATE OF payer ON payment_attempt FOR EACH ROW
	WHEN (new.payer IS NOT NULL) EXECUTE FUNCTION forget_payer(); -- 0008_account.sql
CREATE TRIGGER payment_attempt_move BEFORE UPDATE OF state ON payment_attempt FOR EACH ROW
	WHEN (old.state <> new.state) EXECUTE FUNCTION state_move_check(); -- 0004_settle.sql
ALTER TABLE payment_attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON payment_attempt TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON payment_attempt TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM orders o WHERE o.id = payment_attempt.order_id))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON payment_attempt TO zx;
GRANT SELECT (id, order_id, channel, method, out_trade_no, amount_fen, state, transaction_id, paid_at,
	created_at, refunded_fen), UPDATE (refunded_fen) ON payment_attempt TO zx_staff;

-- 0004_settle.sql
-- Money on its way back. The row, its number and the very bytes to send are
-- there before the channel is called; the sum is reserved on the attempt by
-- the same transaction.
-- created → accepted (the channel works on it) → succeeded; stuck: nobody but
-- people can help; by_hand: they have paid it another way; void: ended for
-- good by the channel without money, another row takes its place.
CREATE TABLE refund (
	id            bigint NOT NULL,
	order_id      bigint NOT NULL,
	attempt_id    bigint NOT NULL,
	venue_id      bigint NOT NULL,
	out_refund_no text NOT NULL,
	amount_fen    bigint NOT NULL,
	cause         text NOT NULL,
	reason        text NOT NULL, -- the customer reads it
	by_account    bigint,
	replaces      bigint,
	request       text NOT NULL,
	state         text NOT NULL DEFAULT 'created',
	channel_no    text, -- the channel's own number
	trouble       text, -- why it is stuck, or why the last try failed
	tries         bigint NOT NULL DEFAULT 0,
	run_at        timestamptz NOT NULL DEFAULT now(),
	sent_at       timestamptz,
	created_at    timestamptz NOT NULL DEFAULT now(),
	done_at       timestamptz,
	billed_on     date, -- 0005_reconcile.sql
	delayed_at    timestamptz, -- 0016_refund.sql: since then
	answered_at   timestamptz, -- 0016_refund.sql
	stuck_told_at timestamptz, -- 0024_refund_stuck_told.sql
	CONSTRAINT refund_pkey PRIMARY KEY (id), -- 0004_settle.sql
	CONSTRAINT refund_out_refund_no_key UNIQUE (out_refund_no), -- 0004_settle.sql
	CONSTRAINT refund_replaces_key UNIQUE (replaces), -- 0004_settle.sql
	CONSTRAINT refund_attempt_fk FOREIGN KEY (attempt_id) REFERENCES payment_attempt(id), -- 0004_settle.sql
	CONSTRAINT refund_by_account_fk FOREIGN KEY (by_account) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT refund_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0004_settle.sql
	CONSTRAINT refund_replaces_fk FOREIGN KEY (replaces) REFERENCES refund(id), -- 0004_settle.sql
	CONSTRAINT refund_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0004_settle.sql
	CONSTRAINT refund_amount CHECK (amount_fen > 0), -- 0004_settle.sql
	CONSTRAINT refund_cause_known CHECK (cause IN ('cancel', 'staff', 'venue', 'late', 'surplus',
		'reconcile')), -- 0023_outside.sql (0004_settle.sql)
	CONSTRAINT refund_done_has_time CHECK ((state IN ('succeeded', 'by_hand', 'void')) = (done_at IS NOT
		NULL)), -- 0004_settle.sql
	CONSTRAINT refund_staff_named CHECK (cause <> 'staff' OR by_account IS NOT NULL), -- 0004_settle.sql
	CONSTRAINT refund_state_known CHECK (state IN ('created', 'accepted', 'succeeded', 'stuck', 'by_hand',
		'void')), -- 0004_settle.sql
	CONSTRAINT refund_stuck_says_why CHECK (state <> 'stuck' OR trouble IS NOT NULL) -- 0004_settle.sql
);
CREATE INDEX refund_attempt ON refund (attempt_id); -- 0004_settle.sql
CREATE INDEX refund_due ON refund (run_at) WHERE state IN ('created', 'accepted'); -- 0004_settle.sql
CREATE INDEX refund_order ON refund (order_id); -- 0004_settle.sql
CREATE INDEX refund_unbilled ON refund (sent_at) WHERE billed_on IS NULL; -- 0005_reconcile.sql
CREATE INDEX refund_venue ON refund (venue_id); -- 0014_scale.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON refund FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
CREATE TRIGGER refund_may_arrive BEFORE UPDATE OF state ON refund FOR EACH ROW WHEN (old.state = 'created'
	AND new.state = 'by_hand') EXECUTE FUNCTION refund_by_hand_check(); -- 0016_refund.sql
CREATE TRIGGER refund_move BEFORE UPDATE OF state ON refund FOR EACH ROW WHEN (old.state <> new.state)
	EXECUTE FUNCTION state_move_check(); -- 0004_settle.sql
ALTER TABLE refund ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON refund TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON refund TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON refund TO zx;
GRANT SELECT, INSERT, UPDATE (state, run_at, sent_at, done_at) ON refund TO zx_staff;

-- 0033_manager.sql
-- What somebody of the front desk has given back on a day of the venue. Written only by the
-- function, under the limits that it is called with.
CREATE TABLE desk_refund (
	account_id bigint NOT NULL,
	day        date NOT NULL,
	fen        bigint NOT NULL,
	allowed    bigint NOT NULL,
	CONSTRAINT desk_refund_pkey PRIMARY KEY (account_id, day), -- 0033_manager.sql
	CONSTRAINT desk_refund_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0033_manager.sql
	CONSTRAINT desk_refund_within_limit CHECK (fen <= allowed) -- 0033_manager.sql
);
ALTER TABLE desk_refund ENABLE ROW LEVEL SECURITY;

-- 0033_manager.sql
CREATE FUNCTION desk_refund_take(of_order bigint, more bigint, per_order bigint, per_day bigint) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
DECLARE
	here record;
BEGIN
	SELECT o.venue_id, (now() AT TIME ZONE v.timezone)::date AS day INTO here
		FROM orders o JOIN venue v ON v.id = o.venue_id WHERE o.id = of_order FOR UPDATE OF o;
	IF EXISTS (SELECT 1 FROM account_role r JOIN role_permission p ON p.role = r.role
			WHERE r.account_id = staff_actor() AND p.permission = 'refund.any'
			AND (r.venue_id IS NULL OR r.venue_id = here.venue_id)) THEN
		RETURN;
	ELSIF more + (SELECT coalesce(sum(r.amount_fen), 0) FROM refund r WHERE r.order_id = of_order
			AND r.cause = 'staff' AND r.state <> 'void') > per_order THEN
		RAISE EXCEPTION 'more than the desk gives back of an order'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'desk_refund_of_order', TABLE = 'desk_refund';
	END IF;
	INSERT INTO desk_refund VALUES (staff_actor(), here.day, more, per_day)
		ON CONFLICT ON CONSTRAINT desk_refund_pkey
		DO UPDATE SET fen = desk_refund.fen + excluded.fen, allowed = excluded.allowed;
END $$;
REVOKE EXECUTE ON FUNCTION desk_refund_take FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk_refund_take TO zx_staff;

-- 0016_refund.sql
-- The wall: what was sent and not answered may still arrive.
CREATE FUNCTION refund_by_hand_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.delayed_at IS NULL OR OLD.answered_at < OLD.sent_at
		OR OLD.answered_at IS NULL AND OLD.sent_at IS NOT NULL THEN
		RAISE EXCEPTION 'refund % may still arrive', OLD.id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_may_arrive', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;

-- 0003_order.sql
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
	CONSTRAINT notify_log_pkey PRIMARY KEY (channel, notice_id), -- 0003_order.sql
	CONSTRAINT notify_log_outcome_known CHECK (outcome IN ('paid', 'retaken', 'repeat', 'paid_twice',
		'returned', 'unknown_number', 'wrong_merchant', 'wrong_amount', 'not_success', 'late', 'surplus',
		'refund', 'refund_unknown', 'refund_differs', 'other')) -- 0022_returned.sql (0003_order.sql, 0004_settle.sql, 0016_refund.sql)
);
CREATE INDEX notify_log_number ON notify_log (out_trade_no) WHERE out_trade_no IS NOT NULL; -- 0008_account.sql
CREATE INDEX notify_log_trouble ON notify_log (received_at)
	WHERE outcome NOT IN ('paid', 'retaken', 'repeat', 'refund'); -- 0004_settle.sql (0003_order.sql)
CREATE TRIGGER notify_log_forgets BEFORE INSERT ON notify_log FOR EACH ROW WHEN (new.out_trade_no IS NOT NULL)
	EXECUTE FUNCTION forget_payer(); -- 0008_account.sql
ALTER TABLE notify_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON notify_log TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON notify_log TO zx;

-- 0038_settled.sql (0004_settle.sql)
-- 0004: Every fen of a day's payments (China's day, by the channel's time), where it
-- is: with the orders that it paid, on its way back or back, or nowhere yet.
-- The two sides come from different tables; gap_fen is to be 0.
-- 0038: came_fen: what the channel settles of paid_fen; the rest is coupons.
CREATE VIEW ledger_day AS
 WITH money AS (
         SELECT (a.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, a.channel, a.id,
            a.order_id, a.state, a.amount_fen, a.refunded_fen,
            COALESCE(a.settled_fen, a.amount_fen) AS settled_fen
           FROM payment_attempt a
          WHERE a.paid_at IS NOT NULL
        ), back AS (
         SELECT r.attempt_id, sum(r.amount_fen) AS fen,
            sum(r.amount_fen) FILTER (WHERE r.state IN ('succeeded', 'by_hand')) AS done_fen,
            sum(r.amount_fen) FILTER (WHERE r.state = 'stuck') AS stuck_fen
           FROM refund r
          WHERE r.state <> 'void'
          GROUP BY r.attempt_id
        )
 SELECT m.day, m.channel, count(*) AS attempts, sum(m.amount_fen)::bigint AS paid_fen,
    COALESCE(sum(b.fen), 0)::bigint AS refunds_fen,
    COALESCE(sum(b.done_fen), 0)::bigint AS refunds_done_fen,
    COALESCE(sum(b.stuck_fen), 0)::bigint AS refunds_stuck_fen,
    COALESCE(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE m.state = 'paid'), 0)::bigint AS orders_fen,
    COALESCE(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state = 'surplus'), 0)::bigint AS open_fen,
    (sum(m.amount_fen) - COALESCE(sum(b.fen), 0) - COALESCE(sum(o.paid_fen - o.refunded_fen) FILTER (WHERE
        m.state = 'paid'), 0) - COALESCE(sum(m.amount_fen - m.refunded_fen) FILTER (WHERE m.state =
        'surplus'), 0))::bigint AS gap_fen,
    sum(m.settled_fen)::bigint AS came_fen
   FROM money m
     JOIN orders o ON o.id = m.order_id
     LEFT JOIN back b ON b.attempt_id = m.id
  GROUP BY m.day, m.channel;
ALTER VIEW ledger_day SET (security_invoker=on); -- 0038_settled.sql (0010_rights.sql)
GRANT SELECT ON ledger_day TO zx;

-- 0005_reconcile.sql
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
	our_refunds      bigint, -- 0030_look_again.sql
	our_refunds_fen  bigint, -- 0030_look_again.sql
	CONSTRAINT reconcile_run_pkey PRIMARY KEY (channel, day), -- 0005_reconcile.sql
	CONSTRAINT reconcile_run_channel_known CHECK (channel IN ('wechat', 'alipay')), -- 0005_reconcile.sql
	CONSTRAINT reconcile_run_done_has_time CHECK ((state = 'done') = (done_at IS NOT NULL)), -- 0005_reconcile.sql
	CONSTRAINT reconcile_run_state_known CHECK (state IN ('waiting', 'matched', 'done')) -- 0005_reconcile.sql
);
ALTER TABLE reconcile_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON reconcile_run TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON reconcile_run TO zx;

-- 0005_reconcile.sql
-- The lines of the bills in hand, while they are matched. `load` tells one
-- reading from another; what a crash left behind belongs to no reading.
CREATE UNLOGGED TABLE reconcile_line (
	load     bigint NOT NULL,
	number   bigint NOT NULL, -- in its file
	kind     text NOT NULL, -- payment, refund, revoked; flow_payment, flow_refund, flow_fee, flow_other
	at       timestamptz NOT NULL,
	our_no   text,
	their_no text,
	trade_no text, -- of a refund: the number of the payment
	word     text, -- of a refund: its state
	fen      bigint NOT NULL
);
GRANT SELECT, INSERT, TRUNCATE ON reconcile_line TO zx;

-- 0005_reconcile.sql
-- What differs, once. `what` says which numbers `number` is of; the flow kinds
-- compare the channel's two bills with each other, «ours» then is the trade bill.
CREATE TABLE reconcile_diff (
	channel    text NOT NULL,
	day        date NOT NULL,
	class      text NOT NULL,
	what       text NOT NULL,
	number     text NOT NULL,
	line       bigint, -- of the bill
	ours       text, -- the state of our row, and the channel's word for it
	theirs     text,
	ours_fen   bigint,
	theirs_fen bigint,
	attempt_id bigint,
	refund_id  bigint,
	found_at   timestamptz NOT NULL DEFAULT now(),
	cured_at   timestamptz, -- both sides agree by now
	CONSTRAINT reconcile_diff_pkey PRIMARY KEY (channel, day, class, what, number), -- 0005_reconcile.sql
	CONSTRAINT reconcile_diff_attempt_fk FOREIGN KEY (attempt_id) REFERENCES payment_attempt(id), -- 0005_reconcile.sql
	CONSTRAINT reconcile_diff_refund_fk FOREIGN KEY (refund_id) REFERENCES refund(id), -- 0005_reconcile.sql
	CONSTRAINT reconcile_diff_run_fk FOREIGN KEY (channel, day) REFERENCES reconcile_run(channel, day), -- 0005_reconcile.sql
	CONSTRAINT reconcile_diff_class_known CHECK (class IN ('only_ours', 'only_theirs', 'amount', 'state')), -- 0005_reconcile.sql
	CONSTRAINT reconcile_diff_what_known CHECK (what IN ('payment', 'refund', 'flow_payment', 'flow_refund')) -- 0005_reconcile.sql
);
CREATE INDEX reconcile_diff_open ON reconcile_diff (channel, day) WHERE cured_at IS NULL; -- 0005_reconcile.sql
ALTER TABLE reconcile_diff ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON reconcile_diff TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON reconcile_diff TO zx;

-- 0006_tell.sql
-- WeChat keeps a mini-program's money back until it is told that the goods were
-- handed over. One row a payment. waived: there was no such duty when its turn
-- came, or all of the money had gone back; stuck: only people can help.
CREATE TABLE shipping (
	attempt_id bigint NOT NULL,
	order_id   bigint NOT NULL,
	state      text NOT NULL DEFAULT 'waiting',
	run_at     timestamptz NOT NULL DEFAULT now(),
	tries      bigint NOT NULL DEFAULT 0,
	trouble    text, -- of the last try
	created_at timestamptz NOT NULL DEFAULT now(),
	sent_at    timestamptz,
	CONSTRAINT shipping_pkey PRIMARY KEY (attempt_id), -- 0006_tell.sql
	CONSTRAINT shipping_attempt_fk FOREIGN KEY (attempt_id) REFERENCES payment_attempt(id), -- 0006_tell.sql
	CONSTRAINT shipping_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0006_tell.sql
	CONSTRAINT shipping_sent_has_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)), -- 0006_tell.sql
	CONSTRAINT shipping_state_known CHECK (state IN ('waiting', 'sent', 'waived', 'stuck')), -- 0006_tell.sql
	CONSTRAINT shipping_stuck_says_why CHECK (state <> 'stuck' OR trouble IS NOT NULL) -- 0006_tell.sql
);
CREATE INDEX shipping_due ON shipping (run_at) WHERE state = 'waiting'; -- 0006_tell.sql
ALTER TABLE shipping ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON shipping TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON shipping TO zx_staff USING ((SELECT staff_everywhere())
	OR (EXISTS (SELECT 1 FROM orders o WHERE o.id = shipping.order_id))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON shipping TO zx;

-- 0004_settle.sql
-- What only people can settle. `key` names the trouble, so that finding it
-- again makes no second entry.
CREATE TABLE work_item (
	id        bigint NOT NULL,
	key       text NOT NULL,
	kind      text NOT NULL,
	venue_id  bigint,
	order_id  bigint,
	refund_id bigint,
	detail    jsonb NOT NULL,
	opened_at timestamptz NOT NULL DEFAULT now(),
	done_at   timestamptz,
	done_by   bigint,
	note      text,
	CONSTRAINT work_item_pkey PRIMARY KEY (id), -- 0004_settle.sql
	CONSTRAINT work_item_key UNIQUE (key), -- 0004_settle.sql
	CONSTRAINT work_item_done_by_fk FOREIGN KEY (done_by) REFERENCES account(id), -- 0004_settle.sql
	CONSTRAINT work_item_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0004_settle.sql
	CONSTRAINT work_item_refund_fk FOREIGN KEY (refund_id) REFERENCES refund(id), -- 0004_settle.sql
	CONSTRAINT work_item_venue_fk FOREIGN KEY (venue_id) REFERENCES venue(id), -- 0004_settle.sql
	CONSTRAINT work_item_done_by_whom CHECK ((done_at IS NULL) = (note IS NULL)), -- 0004_settle.sql
	CONSTRAINT work_item_kind_known CHECK (kind IN ('refund_stuck', 'strange_payment', 'reconcile',
		'refunded_twice', 'shipping_stuck', 'sold_outside')) -- 0023_outside.sql (0004_settle.sql, 0006_tell.sql, 0016_refund.sql)
);
CREATE INDEX work_item_open ON work_item (opened_at) WHERE done_at IS NULL; -- 0004_settle.sql
CREATE INDEX work_item_refund ON work_item (refund_id); -- 0016_refund.sql
CREATE INDEX work_item_venue ON work_item (venue_id); -- 0014_scale.sql
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON work_item FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql
ALTER TABLE work_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON work_item TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON work_item TO zx_staff USING ((SELECT staff_everywhere())
	OR (venue_id = ANY ((SELECT staff_venues())::bigint[]))); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON work_item TO zx;
GRANT SELECT, UPDATE (done_at, done_by, note) ON work_item TO zx_staff;


-- Messages --------------------------------------------------------------------------------------------------

-- 0001_house.sql
-- The message table (transactional outbox). A row is written in the
-- transaction of the thing that happened; the relay publishes it later.
CREATE TABLE message (
	id           bigint NOT NULL,
	kind         text NOT NULL,
	subject_id   bigint NOT NULL,
	body         jsonb NOT NULL,
	created_at   timestamptz NOT NULL DEFAULT now(),
	published_at timestamptz,
	attempts     bigint NOT NULL DEFAULT 0,
	run_at       timestamptz NOT NULL DEFAULT now(),
	last_error   text,
	CONSTRAINT message_pkey PRIMARY KEY (id), -- 0001_house.sql
	CONSTRAINT message_kind_form CHECK (kind ~ '^[a-z_]+\.[a-z_]+$') -- 0001_house.sql
) WITH (autovacuum_vacuum_scale_factor=0.02);
CREATE INDEX message_age ON message USING brin (created_at); -- 0001_house.sql
CREATE INDEX message_waiting ON message (run_at, id) WHERE published_at IS NULL; -- 0001_house.sql
ALTER TABLE message ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON message TO zx USING (true); -- 0010_rights.sql
-- Staff tell of what they did, and read nobody's messages.
CREATE POLICY told ON message FOR INSERT TO zx_staff WITH CHECK ((SELECT staff_actor()) IS NOT NULL); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON message TO zx;
GRANT INSERT ON message TO zx_staff;

-- 0001_house.sql
-- What a consumer has done, so that a message delivered twice acts once.
CREATE TABLE message_done (
	consumer   text NOT NULL,
	message_id bigint NOT NULL,
	done_at    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT message_done_pkey PRIMARY KEY (message_id, consumer), -- 0001_house.sql
	CONSTRAINT message_done_message_fk FOREIGN KEY (message_id) REFERENCES message(id) ON DELETE CASCADE -- 0001_house.sql
);
ALTER TABLE message_done ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON message_done TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT ON message_done TO zx;

-- 0001_house.sql
-- The tries of a consumer that did not end well: a crash or an error. After
-- five the message is dead.
CREATE TABLE message_try (
	consumer   text NOT NULL,
	message_id bigint NOT NULL,
	tries      bigint NOT NULL,
	last_error text,
	CONSTRAINT message_try_pkey PRIMARY KEY (message_id, consumer), -- 0001_house.sql
	CONSTRAINT message_try_message_fk FOREIGN KEY (message_id) REFERENCES message(id) ON DELETE CASCADE -- 0001_house.sql
);
ALTER TABLE message_try ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON message_try TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE, DELETE ON message_try TO zx;

-- 0001_house.sql
-- Deliveries that a consumer gave up on; kept for staff to look at and replay.
CREATE TABLE message_dead (
	consumer    text NOT NULL,
	message_id  bigint NOT NULL,
	kind        text NOT NULL,
	body        text NOT NULL,
	reason      text NOT NULL,
	attempts    bigint NOT NULL,
	died_at     timestamptz NOT NULL DEFAULT now(),
	replayed_at timestamptz,
	CONSTRAINT message_dead_pkey PRIMARY KEY (message_id, consumer, died_at) -- 0001_house.sql
);
ALTER TABLE message_dead ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON message_dead TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE ON message_dead TO zx;

-- 0006_tell.sql
-- One entry a message, however often that is delivered. Messages are deleted
-- after a while, hence no foreign key.
CREATE TABLE inbox (
	id         bigint NOT NULL,
	account_id bigint NOT NULL,
	message_id bigint NOT NULL,
	kind       text NOT NULL,
	title      text NOT NULL,
	body       text NOT NULL,
	order_id   bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	read_at    timestamptz,
	CONSTRAINT inbox_pkey PRIMARY KEY (id), -- 0006_tell.sql
	CONSTRAINT inbox_message_key UNIQUE (message_id), -- 0006_tell.sql
	CONSTRAINT inbox_account_fk FOREIGN KEY (account_id) REFERENCES account(id), -- 0006_tell.sql
	CONSTRAINT inbox_order_fk FOREIGN KEY (order_id) REFERENCES orders(id), -- 0006_tell.sql
	CONSTRAINT inbox_kind_known CHECK (kind IN ('order.paid', 'order.ended', 'order.retaken',
		'order.cancelled', 'refund.created', 'refund.delayed', 'refund.stuck', 'refund.done', 'ban.created',
		'ban.ended')) -- 0024_refund_stuck_told.sql (0006_tell.sql, 0016_refund.sql, 0019_told.sql)
);
CREATE INDEX inbox_account ON inbox (account_id, id DESC); -- 0006_tell.sql
CREATE INDEX inbox_unread ON inbox (account_id) WHERE read_at IS NULL; -- 0006_tell.sql
ALTER TABLE inbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON inbox TO zx USING (true); -- 0010_rights.sql
GRANT SELECT, INSERT, UPDATE (read_at) ON inbox TO zx;


-- Ids and repeated requests ---------------------------------------------------------------------------------

-- 0001_house.sql
-- one value is a block of 256 ids (lib/db/db.h)
CREATE SEQUENCE id_block START 4;
GRANT USAGE ON SEQUENCE id_block TO zx;
GRANT USAGE ON SEQUENCE id_block TO zx_staff;

-- 0001_house.sql
-- Answers to unsafe requests, by the caller's key: a repeat gets the same bytes.
CREATE TABLE idempotency (
	account_id bigint NOT NULL,
	key        text NOT NULL,
	digest     text NOT NULL,
	status     bigint NOT NULL,
	answer     text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	version    bigint, -- 0017_replay.sql
	CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key), -- 0001_house.sql
	CONSTRAINT idempotency_key_length CHECK (length(key) BETWEEN 1 AND 255) -- 0001_house.sql
) WITH (autovacuum_vacuum_scale_factor=0.05);
CREATE INDEX idempotency_age ON idempotency (created_at); -- 0014_scale.sql (0001_house.sql)
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON idempotency TO zx USING (true); -- 0010_rights.sql
CREATE POLICY in_scope ON idempotency TO zx_staff USING (account_id = (SELECT staff_actor())); -- 0010_rights.sql
GRANT SELECT, INSERT, DELETE ON idempotency TO zx;
GRANT SELECT, INSERT ON idempotency TO zx_staff;

-- 0014_scale.sql
-- The program's role may not rewrite kept answers, and so may not lock them either.
CREATE FUNCTION answers_sweep(hours bigint, most bigint) RETURNS bigint LANGUAGE sql SECURITY DEFINER
	SET search_path TO 'pg_catalog', 'public', 'pg_temp' AS $$
	WITH old AS (DELETE FROM idempotency WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency
		WHERE created_at < now() - make_interval(hours => greatest(hours, 48)::int)
		ORDER BY created_at LIMIT most FOR UPDATE SKIP LOCKED)) RETURNING 1)
	SELECT count(*) FROM old
$$;
REVOKE EXECUTE ON FUNCTION answers_sweep FROM PUBLIC;
GRANT EXECUTE ON FUNCTION answers_sweep TO zx;
