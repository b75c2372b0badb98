-- A ban is a person's. Somebody may come as several accounts, one after the other or side
-- by side: what they have in common (a phone, an openid, a unionid) joins them, and from then
-- on what is held against one is held against all. Nothing moves from account to account.

-- The first account of the person; NULL: this one.
ALTER TABLE account ADD person_id bigint CONSTRAINT account_person_fk REFERENCES account;
CREATE INDEX account_person ON account (person_id) WHERE person_id IS NOT NULL;

CREATE FUNCTION person_of(account bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT coalesce(a.person_id, a.id) FROM account a WHERE a.id = $1
$$;

CREATE FUNCTION person_accounts(account bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT array_agg(a.id) FROM account a, person_of($1) AS p(id) WHERE a.id = p.id OR a.person_id = p.id
$$;

-- Is a ban in force, or does a violation count that is no older than so many days?
CREATE FUNCTION person_held(account bigint, days bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT EXISTS (SELECT 1 FROM ban b WHERE b.account_id = ANY (p.accounts)
			AND b.lifted_at IS NULL AND b.until > now())
		OR EXISTS (SELECT 1 FROM violation v WHERE v.account_id = ANY (p.accounts)
			AND v.lifted_at IS NULL AND v.at > now() - make_interval(days => days::int))
	FROM person_accounts(account) AS p(accounts)
$$;

-- Who changes what is held against a person, or who belongs to it, has it alone, and comes
-- behind the orders that are being made; these hold it together (orders_person). The
-- account and the person's first one are locked by id; both are looked at again, because
-- somebody may have joined it to another person meanwhile.
CREATE FUNCTION person_hold(account bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- An account gets identities or is about to lose some: digests (lib/account/leave.h), with
-- blanks between. Whoever had what it gets is the same person, and so is who comes with the
-- same unionid. What it loses is kept as long as something is held against the person.
CREATE FUNCTION person_change(account bigint, loses text, gets text, union_id text, days bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- As before, and marks stay while something is held against their person.
CREATE OR REPLACE FUNCTION account_leave(who bigint, marks_days bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Venues that let only people book whose phone is known. A new venue does; those that are
-- here go on as they were, and programs of before know no answer for it.
ALTER TABLE venue ADD phone_required boolean NOT NULL DEFAULT false;
ALTER TABLE venue ALTER phone_required SET DEFAULT true;

-- The wall: an order is made while nothing changes for its person, and looks last.
CREATE FUNCTION person_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER orders_person BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION person_check();

REVOKE EXECUTE ON FUNCTION person_of, person_accounts, person_held, person_hold, person_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_of, person_accounts, person_hold, person_change TO zx, zx_staff;
