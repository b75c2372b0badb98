-- What staff may see and change, and what they have changed. Staff's requests
-- connect as zx_staff, a role that sees no row until staff_enter() has said, for
-- this one transaction, who asks, by which permission, and so at which venues.
-- From then on row level security is the only place that knows of venues: a
-- statement without any WHERE shows nothing of another one.
-- The scope is a setting of the transaction. It guards against what is forgotten
-- in a statement; it is no guard against foreign SQL, which nothing here lets in.

INSERT INTO role_permission VALUES ('admin', 'audit');

CREATE FUNCTION staff_refuse(why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'refused: %', why USING ERRCODE = 'insufficient_privilege', CONSTRAINT = why;
END $$;

-- First in every transaction of staff. The reasons against it are the names of
-- broken rules (lib/io/rules.h). zx.venues: '{1,2}', or '*' for a role that is
-- held everywhere; zx.operation is the request's id.
CREATE FUNCTION staff_enter(in_session bigint, in_account bigint, wanted text, operation text)
	RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
	-- Without row level security only what is about oneself, or may be done everywhere.
	IF everywhere IS NULL OR (session_user <> 'zx_staff' AND NOT everywhere
		AND wanted NOT IN ('staff', 'staff.password')) THEN
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

-- The scope. A policy asks for it as (SELECT …), which is computed once for a
-- statement and not for each row. After a transaction its settings are ''.
CREATE FUNCTION staff_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(current_setting('zx.venues', true) = '*', false);
CREATE FUNCTION staff_venues() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
	RETURN nullif(nullif(current_setting('zx.venues', true), ''), '*')::bigint[];
CREATE FUNCTION staff_actor() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
	RETURN nullif(current_setting('zx.actor', true), '')::bigint;

-- Who did something is told by name, also of those who work elsewhere by now.
CREATE FUNCTION staff_name(account bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT a.nickname FROM account a JOIN staff_login l ON l.account_id = a.id WHERE a.id = $1
$$;

-- The order behind what was scanned or typed, wherever it was sold: a front desk
-- is told that an order is another venue's, and the try is written down.
CREATE FUNCTION order_venue(short text, id bigint, nonce text, number text,
	OUT order_id bigint, OUT venue_id bigint) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT o.id, o.venue_id FROM orders o WHERE o.id = (
		SELECT c.order_id FROM checkin_code c WHERE c.short_code = $1
		UNION ALL SELECT c.order_id FROM checkin_code c WHERE c.order_id = $2 AND c.nonce = $3
		UNION ALL SELECT n.id FROM orders n WHERE n.no = $4)
$$;

-- One line a table: which of its rows are in scope. What refers to an account or
-- an order is visible with it; a subquery on a table is under that table's policy
-- again. An account is visible to itself, and to those at whose venues it has
-- ordered or works. What is the same for all venues (catalog) is changed only by
-- those who may do so everywhere. A table without a condition is not for staff.
-- Of a table with many rows a venue's are found by the index: there '*' is
-- written out, because the planner can't use an index for one half of an OR.
DO $$
DECLARE
	everywhere CONSTANT text := '(SELECT staff_everywhere())';
	at_venue CONSTANT text := everywhere || ' OR venue_id = ANY ((SELECT staff_venues())::bigint[])';
	by_venue CONSTANT text := 'venue_id = ANY ((SELECT CASE WHEN staff_everywhere()'
		' THEN ARRAY(SELECT v.id FROM venue v) ELSE staff_venues() END)::bigint[])';
	with_order CONSTANT text := everywhere || ' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id)';
	with_account CONSTANT text := everywhere || ' OR EXISTS (SELECT 1 FROM account a WHERE a.id = account_id)';
	own CONSTANT text := 'account_id = (SELECT staff_actor())';
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('venue', replace(at_venue, 'venue_id', 'id')),
		('venue_sport', at_venue), ('court', at_venue), ('unit', at_venue), ('court_unit', at_venue),
		('opening', at_venue), ('opening_exception', at_venue), ('opening_exception_hours', at_venue),
		('price_rule', at_venue), ('court_block', at_venue),
		('occupancy', everywhere || ' OR unit_id IN (SELECT u.id FROM unit u)'),
		('orders', by_venue), ('order_item', at_venue), ('refund', at_venue), ('checkin', at_venue),
		('work_item', at_venue),
		('payment_attempt', with_order), ('checkin_code', with_order), ('shipping', with_order),
		('checkin_try', 'staff_id = (SELECT staff_actor())'),
		('account', everywhere || ' OR id = (SELECT staff_actor())'
			' OR EXISTS (SELECT 1 FROM orders o WHERE o.account_id = account.id)'
			' OR EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = account.id)'),
		('account_role', at_venue || ' OR ' || own),
		('staff_login', with_account), ('session', with_account), ('booking_day', with_account),
		('violation', with_account), ('ban', with_account),
		('idempotency', own),
		('sport', everywhere), ('calendar_day', everywhere),
		('message', NULL), ('message_done', NULL), ('message_try', NULL), ('message_dead', NULL),
		('wechat_identity', NULL), ('left_mark', NULL), ('login_state', NULL), ('sms_code', NULL),
		('inbox', NULL), ('notify_log', NULL), ('reconcile_run', NULL), ('reconcile_diff', NULL)
	) AS v(name, visible) LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
		EXECUTE format('CREATE POLICY everything ON %I TO zx USING (true)', t.name);
		IF t.visible IS NOT NULL THEN
			EXECUTE format('CREATE POLICY in_scope ON %I TO zx_staff USING (%s)', t.name, t.visible);
		END IF;
	END LOOP;
END $$;
CREATE POLICY catalog ON sport FOR SELECT TO zx_staff USING ((SELECT staff_actor()) IS NOT NULL);
CREATE POLICY catalog ON calendar_day FOR SELECT TO zx_staff USING ((SELECT staff_actor()) IS NOT NULL);
-- Staff tell of what they did, and read nobody's messages.
CREATE POLICY told ON message FOR INSERT TO zx_staff WITH CHECK ((SELECT staff_actor()) IS NOT NULL);
ALTER VIEW ledger_day SET (security_invoker = true);

GRANT USAGE ON SEQUENCE id_block TO zx_staff;
GRANT SELECT ON state_move, occupancy, orders, order_item, refund, checkin, checkin_code, booking_day,
	violation, ban, work_item TO zx_staff;
GRANT SELECT (id, order_id, channel, method, out_trade_no, transaction_id, state, amount_fen, refunded_fen,
	created_at, paid_at) ON payment_attempt TO zx_staff;
GRANT SELECT, INSERT ON idempotency TO zx_staff;
GRANT INSERT ON message, checkin, checkin_try, refund TO zx_staff;
GRANT UPDATE (state, pay_state, refunded_fen, closed_at) ON orders TO zx_staff;
GRANT UPDATE (state, released_at, refund_fen, refund_id) ON order_item TO zx_staff;
GRANT UPDATE (refunded_fen) ON payment_attempt TO zx_staff;
GRANT UPDATE (state, run_at, sent_at, done_at) ON refund TO zx_staff;
GRANT UPDATE (periods) ON booking_day TO zx_staff;
GRANT UPDATE (lifted_at, lifted_by, lift_reason) ON violation, ban TO zx_staff;
GRANT UPDATE (done_at, done_by, note) ON work_item TO zx_staff;

-- Every change that staff make, by whichever pool: one row a row. Jobs and
-- customers are not staff and leave no entries; what they do is in the rows of
-- orders and money themselves. It is written with the change: undone, it leaves
-- none. No role may insert: only the trigger does, as the owner. No foreign keys:
-- what is named here may be gone.
CREATE TABLE audit_log (
	id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pkey PRIMARY KEY,
	at           timestamptz NOT NULL DEFAULT now(),
	actor_id     bigint NOT NULL,
	venue_id     bigint,         -- of the row, or the only one that the actor works at
	entity       text NOT NULL,  -- the table
	entity_id    text NOT NULL,  -- of several columns: '2/5/480'
	action       text NOT NULL,
	before       jsonb,          -- changed columns; of a deleted row all that it had
	after        jsonb,
	operation_id text NOT NULL,  -- the request's id
	CONSTRAINT audit_log_action_known CHECK (action IN ('insert', 'update', 'delete')),
	CONSTRAINT audit_log_sides CHECK ((before IS NULL) = (action = 'insert') AND (after IS NULL) = (action = 'delete'))
);
CREATE INDEX audit_log_at ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_actor ON audit_log (actor_id, at DESC, id DESC);
CREATE INDEX audit_log_venue ON audit_log (venue_id, at DESC, id DESC);
CREATE INDEX audit_log_entity ON audit_log (entity, at DESC, id DESC);
CREATE INDEX audit_log_entity_id ON audit_log (entity_id, at DESC, id DESC);
CREATE INDEX audit_log_operation ON audit_log (operation_id, at DESC, id DESC);
CREATE INDEX audit_log_action ON audit_log (action, at DESC, id DESC);

-- Append-only, for the owner too.
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit log is only ever added to'
		USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'audit_log_stays', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
	FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON audit_log TO zx_staff USING (
	(SELECT staff_everywhere()) OR venue_id = ANY ((SELECT staff_venues())::bigint[]));
GRANT SELECT ON audit_log TO zx_staff;

-- What no log may keep: what lets somebody in, and who a customer is. A request to
-- a channel only repeats the row it stands in.
CREATE FUNCTION audit_hide(columns jsonb, entity text, is_staff boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(c.key, CASE
		WHEN c.value = 'null' THEN c.value
		WHEN c.key IN ('password_hash', 'openid', 'unionid') OR (c.key = 'nickname' AND NOT is_staff) THEN '"***"'
		WHEN entity = 'account' AND c.key = 'phone'
			THEN to_jsonb(left(c.value #>> '{}', 3) || '****' || right(c.value #>> '{}', 4))
		ELSE c.value END)
	FROM jsonb_each(columns) c WHERE entity <> 'refund' OR c.key <> 'request'
$$;

-- The arguments are the columns that name a row.
CREATE FUNCTION audit_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
	INSERT INTO audit_log (actor_id, venue_id, entity, entity_id, action, before, after, operation_id)
		SELECT staff_actor(),
			CASE WHEN TG_TABLE_NAME = 'venue' THEN (whole->>'id')::bigint ELSE coalesce(
				(whole->>'venue_id')::bigint, CASE WHEN cardinality(venues) = 1 THEN venues[1] END) END,
			TG_TABLE_NAME, string_agg(whole->>k.name, '/' ORDER BY k.place), lower(TG_OP),
			audit_hide(was, TG_TABLE_NAME, is_staff), audit_hide(becomes, TG_TABLE_NAME, is_staff),
			current_setting('zx.operation', true)
		FROM unnest(TG_ARGV) WITH ORDINALITY AS k(name, place);
	RETURN NULL;
END $$;

-- What is kept of a change in other tables (occupancy, the day's count, sums of
-- a payment) follows from these.
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('venue', 'id'), ('venue_sport', 'venue_id,sport_id'), ('court', 'id'), ('unit', 'id'),
		('court_unit', 'court_id,unit_id'), ('opening', 'venue_id,weekday,opens'),
		('opening_exception', 'venue_id,day'), ('opening_exception_hours', 'venue_id,day,opens'),
		('price_rule', 'id'), ('court_block', 'id'), ('sport', 'id'), ('calendar_day', 'day'),
		('account', 'id'), ('account_role', 'account_id'), ('staff_login', 'account_id'),
		('wechat_identity', 'account_id'),
		('orders', 'id'), ('order_item', 'id'), ('refund', 'id'), ('checkin', 'item_id'),
		('violation', 'id'), ('ban', 'id'), ('work_item', 'id')
	) AS v(name, columns) LOOP
		EXECUTE format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW'
			' WHEN (current_setting(''zx.actor'', true) <> '''') EXECUTE FUNCTION audit_write(%s)', t.name,
			(SELECT string_agg(quote_literal(c), ', ') FROM unnest(string_to_array(t.columns, ',')) c));
	END LOOP;
END $$;
