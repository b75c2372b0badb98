-- Staff lift what is of their own venues alone: a violation by an order of theirs, a ban that
-- rests on such violations. All others are lifted by who works everywhere.

-- Of the violations that it rests on; none: the platform's.
ALTER TABLE ban ADD venue_ids bigint[] NOT NULL DEFAULT '{}';
UPDATE ban b SET venue_ids = t.venues FROM (SELECT b.id, array_agg(DISTINCT o.venue_id) AS venues
	FROM ban b JOIN violation v ON v.account_id = b.account_id AND v.at <= b.since
		AND v.at > coalesce((SELECT max(p.since) FROM ban p WHERE p.account_id = b.account_id
			AND p.since < b.since), '-infinity')
	JOIN orders o ON o.id = v.order_id GROUP BY b.id) t WHERE t.id = b.id;

CREATE POLICY own ON violation AS RESTRICTIVE FOR UPDATE TO zx_staff USING ((SELECT staff_everywhere())
	OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id));
CREATE POLICY own ON ban AS RESTRICTIVE FOR UPDATE TO zx_staff USING ((SELECT staff_everywhere())
	OR venue_ids <> '{}' AND venue_ids <@ (SELECT staff_venues())::bigint[]);

-- A ban ends when too few of its violations are left, whoever has lifted which.
CREATE FUNCTION bans_review(account bigint, why text, fewest bigint, days bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	UPDATE ban b SET lifted_at = now(), lift_reason = why FROM person_accounts(account) AS p(accounts)
		WHERE b.account_id = ANY (p.accounts) AND b.lifted_at IS NULL AND b.until > now() AND fewest >
			(SELECT count(*) FROM violation v WHERE v.account_id = ANY (p.accounts)
			AND v.lifted_at IS NULL AND v.at <= b.since AND v.at > b.since - make_interval(days => days::int)
			AND v.at > coalesce((SELECT max(l.since) FROM ban l WHERE l.account_id = ANY (p.accounts)
				AND l.since < b.since), '-infinity'))
$$;
REVOKE EXECUTE ON FUNCTION bans_review FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bans_review TO zx, zx_staff;
