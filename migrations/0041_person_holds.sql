-- The limits of unpaid orders are a person's: who left and came back, or came by another
-- account, had them anew. What is counted a day is held against a person as violations are,
-- so his identities stay known while it counts.
CREATE OR REPLACE FUNCTION person_held(account bigint, days bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	SELECT EXISTS (SELECT 1 FROM ban b WHERE b.account_id = ANY (p.accounts)
			AND b.lifted_at IS NULL AND b.until > now())
		OR EXISTS (SELECT 1 FROM violation v WHERE v.account_id = ANY (p.accounts)
			AND v.lifted_at IS NULL AND v.at > now() - make_interval(days => days::int))
		OR EXISTS (SELECT 1 FROM orders o WHERE o.account_id = ANY (p.accounts)
			AND o.pay_state = 'unpaid' AND o.created_at > now() - interval '2 days')
	FROM person_accounts(account) AS p(accounts)
$$;

-- One after the other are the orders of a person, whichever account makes them.
CREATE OR REPLACE FUNCTION bookings_hold(account bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(920003, hashint8(person_of(account)));
END $$;

CREATE OR REPLACE FUNCTION holds_until(account bigint, at_once bigint, ended_a_day bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
