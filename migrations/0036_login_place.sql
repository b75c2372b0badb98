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
	CONSTRAINT login_place_pkey PRIMARY KEY (name, place),
	CONSTRAINT login_place_failed_some CHECK (failed >= 1),
	CONSTRAINT login_place_form CHECK (name ~ '^[0-9a-f]{64}$' AND place ~ '^[0-9a-f]{64}$')
);
CREATE INDEX login_place_age ON login_place (tried_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_place TO zx;
ALTER TABLE login_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON login_place TO zx USING (true);

-- What a row was until a day without a try, and what one more failure makes of it: `free`
-- pass, the next locks for 30 s, each later one for twice as long, up to 16 min.
CREATE FUNCTION login_failures(failed bigint, tried_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT CASE WHEN tried_at > now() - interval '1 day' THEN failed ELSE 0 END $$;
CREATE FUNCTION login_lock(failures bigint, free bigint) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN failures >= free THEN now() + interval '30 seconds' * (1 << least(5, failures - free)::int) END
$$;
CREATE FUNCTION login_wait(locked_until timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT greatest(0, ceil(extract(epoch FROM locked_until - now())))::bigint $$;

-- One try: counted before it is compared, so that tries at once can't slip through together.
-- locked_s: it is locked, nothing was counted and nothing is to be compared. device_of: whose
-- device it is, `by_device` which; 0: none.
CREATE FUNCTION staff_login_take(login text, login_id bigint, by_name text, by_place text,
	device_of bigint, by_device text, free bigint, free_everywhere bigint,
	OUT account_id bigint, OUT username text, OUT hash text, OUT locked_s bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
