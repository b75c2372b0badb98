-- Whom an entry of the log means for good, what it can be searched by, and how
-- somebody ends to be a member of staff.

-- What no log may keep: now also why a customer was disabled, in words that staff
-- typed about him. Why a member was is the house's own affair, and stays.
CREATE OR REPLACE FUNCTION audit_hide(columns jsonb, entity text, is_staff boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(c.key, CASE
		WHEN c.value = 'null' THEN c.value
		WHEN c.key IN ('password_hash', 'openid', 'unionid')
			OR (c.key IN ('nickname', 'disabled_reason') AND NOT is_staff) THEN '"***"'
		WHEN entity = 'account' AND c.key = 'phone'
			THEN to_jsonb(left(c.value #>> '{}', 3) || '****' || right(c.value #>> '{}', 4))
		ELSE c.value END)
	FROM jsonb_each(columns) c WHERE entity <> 'refund' OR c.key <> 'request'
$$;

-- The names of columns and the values on both sides, of documents at any depth;
-- '-' what was, '+' what has become. Of a long text its first 100 characters.
CREATE FUNCTION audit_words(before jsonb, after jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(array_agg(DISTINCT s.sign || left(w.word, 100) COLLATE "C"), '{}')
	FROM (VALUES ('-', before), ('+', after)) AS s(sign, side),
		jsonb_path_query(s.side, 'strict $.**') AS n(node), LATERAL (
			SELECT k FROM jsonb_object_keys(CASE jsonb_typeof(n.node) WHEN 'object' THEN n.node ELSE '{}' END) k
			UNION ALL SELECT n.node #>> '{}' WHERE jsonb_typeof(n.node) IN ('string', 'number', 'boolean')
		) AS w(word)
$$;

-- actor_username: what the actor logged in by. Nobody can change his own, and it
-- stays when he is no member any more and another has that name (actor_id differs).
ALTER TABLE audit_log
	ADD actor_username text,
	ADD words          text[] NOT NULL GENERATED ALWAYS AS (audit_words(before, after)) STORED;

-- Entries of before: usernames have never changed. This once the log is written to.
ALTER TABLE audit_log DISABLE TRIGGER audit_log_stays;
UPDATE audit_log a SET actor_username = l.username FROM staff_login l WHERE l.account_id = a.actor_id;
UPDATE audit_log a SET before = audit_hide(before, entity, false), after = audit_hide(after, entity, false)
	WHERE entity = 'account' AND (before ? 'disabled_reason' OR after ? 'disabled_reason')
		AND NOT EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id::text = a.entity_id);
ALTER TABLE audit_log ENABLE TRIGGER audit_log_stays;

CREATE INDEX audit_log_actor_username ON audit_log (actor_username, at DESC, id DESC);
CREATE INDEX audit_log_words ON audit_log USING gin (words);

-- Row level security lets only leakproof conditions use an index, and what searches
-- a GIN index is none. So the search looks through this view, which sees as its
-- owner does, and says once more which entries are in scope.
CREATE VIEW audit_in_scope AS SELECT id, at, actor_id, actor_username, venue_id, entity, entity_id, action,
		before, after, operation_id, words
	FROM audit_log
	WHERE (SELECT staff_everywhere()) OR venue_id = ANY ((SELECT staff_venues())::bigint[]);
GRANT SELECT ON audit_in_scope TO zx_staff;

-- As before, with the username, and times as everywhere in answers.
CREATE OR REPLACE FUNCTION audit_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET timezone = 'Asia/Shanghai' AS $$
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

-- Who was a member of staff, and by which name he logged in: what he did is told
-- under it, wherever a name is told. Only functions of the owner look here. No
-- foreign key, as in the log.
CREATE TABLE staff_past (
	account_id bigint CONSTRAINT staff_past_pkey PRIMARY KEY,
	username   text NOT NULL,
	ended_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE staff_past ENABLE ROW LEVEL SECURITY;

-- The present name of a member; of who is none any more the username: his name is
-- a customer's from then on.
CREATE OR REPLACE FUNCTION staff_name(account bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT coalesce(
		(SELECT a.nickname FROM account a JOIN staff_login l ON l.account_id = a.id WHERE a.id = $1),
		(SELECT p.username FROM staff_past p WHERE p.account_id = $1))
$$;

ALTER TABLE session DROP CONSTRAINT session_end_known;
ALTER TABLE session ADD CONSTRAINT session_end_known CHECK (ended_why IN
	('elsewhere', 'logout', 'expired', 'disabled', 'removed', 'reuse', 'password', 'deleted', 'test')) NOT VALID;

CREATE TRIGGER staff_login_kept_for_admin AFTER DELETE ON staff_login FOR EACH ROW
	WHEN (OLD.has_password) EXECUTE FUNCTION keep_an_admin();

-- A login holds the account's row from before this on, as member_remove does: it
-- sees what that has left, or that waits and ends this session.
CREATE FUNCTION session_of_staff() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM staff_login WHERE account_id = NEW.account_id)
			AND NOT EXISTS (SELECT 1 FROM account_role WHERE account_id = NEW.account_id) THEN
		RAISE EXCEPTION 'not a member of staff'
			USING ERRCODE = 'check_violation', CONSTRAINT = 'session_of_staff', TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER session_of_staff BEFORE INSERT ON session FOR EACH ROW
	WHEN (NEW.client = 'staff') EXECUTE FUNCTION session_of_staff();

-- A member becomes a customer; false: changed since it was read. Rows go that no
-- staff may touch by themselves, so the scope is looked at here: whoever holds a
-- role elsewhere too isn't sent away from here. In the order in which logins lock.
-- The phone, which an admin wrote down, opens the staff side, and may be given to
-- the same person again: it goes too.
CREATE FUNCTION member_remove(who bigint, seen bigint, web_appid text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
REVOKE EXECUTE ON FUNCTION member_remove(bigint, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION member_remove(bigint, bigint, text) TO zx_staff;
