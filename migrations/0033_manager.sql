-- Managers (店长) keep their venues, the front desk (operator, 前台) sells, checks in, and
-- gives back money within a limit. Whoever was an operator until now kept the venue too, and
-- goes on as its manager: nobody loses a right by this; admins make operators of whom they
-- want to.

INSERT INTO role (code, name, at_venue) VALUES ('manager', '店长', true);
UPDATE role SET name = '前台' WHERE code = 'operator';
ALTER TABLE account_role DROP CONSTRAINT account_role_operator_has_venue,
	DROP CONSTRAINT account_role_others_have_no_venue;
ALTER TABLE account_role
	ADD CONSTRAINT account_role_has_venue CHECK (role NOT IN ('operator', 'manager') OR venue_id IS NOT NULL),
	ADD CONSTRAINT account_role_others_have_no_venue CHECK (role IN ('operator', 'manager') OR venue_id IS NULL);
UPDATE account_role SET role = 'manager' WHERE role = 'operator';

-- What there is to be permitted. at_venue: makes sense for one venue.
CREATE TABLE permission (
	code     text CONSTRAINT permission_pkey PRIMARY KEY,
	name     text NOT NULL,
	at_venue boolean NOT NULL
);
INSERT INTO permission VALUES
	('staff', '登录后台', true), ('staff.password', '修改自己的密码', true), ('checkin', '核销', true),
	('order', '查看订单', true), ('refund', '退款（限额以内）', true), ('refund.any', '退款不受限额', true),
	('user.see', '查看顾客', true), ('user.phone', '查看完整手机号', false), ('user.disable', '停用顾客', false),
	('ban', '违约与暂停预订', true), ('work', '待办', true), ('venue.see', '查看球馆资料', true),
	('venue', '球馆资料、营业时间、价格与退改规则', true), ('venue.create', '新建与删除球馆', false),
	('catalog', '运动项目与节假日', false), ('member', '员工', true), ('role', '角色的权限', false),
	('audit', '操作记录', true);
GRANT SELECT ON permission TO zx, zx_staff;

INSERT INTO role_permission SELECT 'manager', permission FROM role_permission WHERE role = 'operator';
INSERT INTO role_permission VALUES ('manager', 'venue.see'), ('manager', 'refund.any'), ('manager', 'member'),
	('manager', 'audit'), ('operator', 'venue.see'), ('admin', 'venue.see'), ('admin', 'refund.any'),
	('admin', 'role');
DELETE FROM role_permission WHERE role = 'operator' AND permission = 'venue';
ALTER TABLE role_permission ADD CONSTRAINT role_permission_permission_fk
	FOREIGN KEY (permission) REFERENCES permission;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON role_permission FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('role', 'permission');

-- Admins change what a role may, but not their own: they could not take it back.
CREATE FUNCTION role_set(of_role text, wanted text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Is this member one of the own venues' alone? Else who keeps members of one venue could let
-- himself in elsewhere: by another's phone, name or password.
CREATE FUNCTION member_within(account bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT staff_everywhere() OR NOT EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = account
		AND NOT coalesce(r.venue_id = ANY (staff_venues()), false))
$$;
REVOKE EXECUTE ON FUNCTION member_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION member_within TO zx, zx_staff;

CREATE OR REPLACE FUNCTION rights_need_permission() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE POLICY new_member ON account FOR INSERT TO zx_staff
	WITH CHECK ((SELECT staff_permission()) = 'member');

-- As before; also passwords of members are given at one's own venues (member_within).
CREATE OR REPLACE FUNCTION staff_enter(in_session bigint, in_account bigint, wanted text, operation text)
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

-- The wall behind a password that is given.
CREATE TRIGGER rights_of_password AFTER UPDATE OF password_hash ON staff_login FOR EACH ROW
	WHEN (current_setting('zx.permission', true) = 'member') EXECUTE FUNCTION rights_need_permission();

-- What somebody of the front desk has given back on a day of the venue. Written only by the
-- function, under the limits that it is called with.
CREATE TABLE desk_refund (
	account_id bigint NOT NULL CONSTRAINT desk_refund_account_fk REFERENCES account,
	day        date NOT NULL,
	fen        bigint NOT NULL,
	allowed    bigint NOT NULL,
	CONSTRAINT desk_refund_pkey PRIMARY KEY (account_id, day),
	CONSTRAINT desk_refund_within_limit CHECK (fen <= allowed)
);
ALTER TABLE desk_refund ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION desk_refund_take(of_order bigint, more bigint, per_order bigint, per_day bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
