-- Staff see phones masked, and find a customer by the whole number. Who tries numbers undoes
-- the mask: such searches are written to the log, and there is a most of them a day.

ALTER TABLE audit_log DROP CONSTRAINT audit_log_action_known, DROP CONSTRAINT audit_log_sides;
ALTER TABLE audit_log
	ADD CONSTRAINT audit_log_action_known CHECK (action IN ('insert', 'update', 'delete', 'search')) NOT VALID,
	ADD CONSTRAINT audit_log_sides CHECK ((before IS NULL) = (action IN ('insert', 'search'))
		AND (after IS NULL) = (action = 'delete')) NOT VALID;

-- The seconds after which another one may follow; 0: this one is written down and may be made.
-- The number itself would make the log the list that nobody is to have.
CREATE FUNCTION phone_search_take(phone text, place text, per_day bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
