-- A desk's search by a part of a name reads an index, by pairs of characters: Chinese names
-- have two or three, of which a trigram knows nothing. Row level security lets only leakproof
-- conditions use an index, so the function searches as its owner and keeps to the scope itself.
CREATE FUNCTION name_pairs(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(array_agg(DISTINCT substr(lower(name), i, 2)), '{}')
	FROM generate_series(1, length(name) - 1) AS i
$$;
CREATE INDEX account_name_pairs ON account USING gin (name_pairs(nickname)) WHERE left_at IS NULL;

-- The newest accounts of the scope with this in their name, from behind `before`. Of each member
-- one search runs at a time; one that runs into its time limit says so.
CREATE FUNCTION customers_named(part text, before bigint, most bigint) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, public, pg_temp AS $$
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
