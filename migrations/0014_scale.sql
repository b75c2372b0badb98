-- What grows stays quick: kept answers and sessions go when nobody asks for them any
-- more, a venue knows its customers, and what is deleted has an index behind each
-- reference to it. And: a right is given only under the permission that is for it.

-- The oldest go first, a batch at a time (lib/account/sweep.h).
DROP INDEX idempotency_age;
CREATE INDEX idempotency_age ON idempotency (created_at);
CREATE INDEX session_expires ON session (expires_at);

-- The program's role may not rewrite kept answers, and so may not lock them either.
CREATE FUNCTION answers_sweep(hours bigint, most bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	WITH old AS (DELETE FROM idempotency WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency
		WHERE created_at < now() - make_interval(hours => greatest(hours, 48)::int)
		ORDER BY created_at LIMIT most FOR UPDATE SKIP LOCKED)) RETURNING 1)
	SELECT count(*) FROM old
$$;
REVOKE EXECUTE ON FUNCTION answers_sweep FROM PUBLIC;
GRANT EXECUTE ON FUNCTION answers_sweep TO zx;

-- As before, but of the kept answers only the person's own: those to staff that tell
-- of him are swept within 48 hours, as all are.
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
	DELETE FROM left_mark WHERE created_at < now() - make_interval(days => marks_days::int);
END $$;

-- Who has ever ordered where: a row at the first order. Written only by the trigger.
-- Two first orders of one person at one venue wait here for each other; what an order
-- takes before (the day's count) others do not wait for behind this row, and what it
-- takes after (courts) it does not hold yet, so there is no circle.
CREATE TABLE venue_customer (
	venue_id   bigint NOT NULL,
	account_id bigint NOT NULL
);
CREATE FUNCTION customer_note() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	INSERT INTO venue_customer (venue_id, account_id) VALUES (NEW.venue_id, NEW.account_id)
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER orders_customer AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION customer_note();
INSERT INTO venue_customer SELECT DISTINCT venue_id, account_id FROM orders ORDER BY 1, 2;
ALTER TABLE venue_customer -- now, because row by row this takes minutes of millions
	ADD CONSTRAINT venue_customer_pkey PRIMARY KEY (venue_id, account_id),
	ADD CONSTRAINT venue_customer_venue_fk FOREIGN KEY (venue_id) REFERENCES venue ON DELETE CASCADE,
	ADD CONSTRAINT venue_customer_account_fk FOREIGN KEY (account_id) REFERENCES account ON DELETE CASCADE;

CREATE INDEX venue_customer_account ON venue_customer (account_id, venue_id);

ALTER TABLE venue_customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON venue_customer TO zx_staff USING (venue_id = ANY ((SELECT CASE
	WHEN staff_everywhere() THEN ARRAY(SELECT v.id FROM venue v) ELSE staff_venues() END)::bigint[]));
GRANT SELECT ON venue_customer TO zx_staff;
ALTER POLICY in_scope ON account USING ((SELECT staff_everywhere()) OR id = (SELECT staff_actor())
	OR EXISTS (SELECT 1 FROM venue_customer c WHERE c.account_id = account.id)
	OR EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = account.id));

-- Behind references to what staff may delete.
CREATE INDEX order_item_court ON order_item (court_id);
CREATE INDEX court_block_court ON court_block (court_id);
CREATE INDEX checkin_venue ON checkin (venue_id);
CREATE INDEX refund_venue ON refund (venue_id);
CREATE INDEX work_item_venue ON work_item (venue_id);
CREATE INDEX account_role_venue ON account_role (venue_id);
CREATE INDEX court_unit_unit ON court_unit (unit_id);

-- Own roles are seen, also those elsewhere, but not changed for being one's own.
ALTER POLICY in_scope ON account_role USING (
	(SELECT staff_everywhere()) OR venue_id = ANY ((SELECT staff_venues())::bigint[]));
CREATE POLICY own ON account_role FOR SELECT TO zx_staff USING (account_id = (SELECT staff_actor()));

CREATE FUNCTION staff_permission() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	RETURN nullif(current_setting('zx.permission', true), '');

-- What lets somebody in, or more of him, is changed under the permission for that and
-- no other. No policies: these would also refuse to lock a customer's row, and not see
-- what functions do as the owner.
CREATE FUNCTION rights_need_permission() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF staff_permission() = 'member' THEN
		RETURN NULL;
	ELSIF TG_TABLE_NAME = 'account' AND TG_OP = 'UPDATE' AND staff_permission() = 'user.disable' THEN
		IF NEW.phone IS NOT DISTINCT FROM OLD.phone AND NEW.nickname = OLD.nickname
			AND NOT EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = NEW.id) THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM staff_refuse('forbidden');
END $$;
CREATE TRIGGER rights AFTER INSERT OR UPDATE OR DELETE ON account_role FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission();
CREATE TRIGGER rights AFTER INSERT OR DELETE ON staff_login FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission();
CREATE TRIGGER rights AFTER INSERT OR DELETE ON account FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION rights_need_permission();
CREATE TRIGGER rights_of_old AFTER UPDATE ON account FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '' AND OLD IS DISTINCT FROM NEW)
	EXECUTE FUNCTION rights_need_permission();
