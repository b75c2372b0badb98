-- One fresh account held twelve evenings, gave them up after nine minutes and took them
-- again, without end. A person has few orders at once that wait for their money, and lets few
-- end without it.

-- Until when this account can't make another order that is to be paid, if it pays nothing;
-- NULL: it can now. So many may wait at once (those whose time is over do not), and so many
-- may end unpaid within 24 hours: those that wait are counted as if they will. What the
-- venue has given up does not count, nor what was paid in time after all, nor what staff
-- have lifted.
CREATE FUNCTION holds_until(account bigint, at_once bigint, ended_a_day bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
	WITH unpaid AS MATERIALIZED (SELECT o.id, o.expires_at,
			o.state = 'pending' AND o.expires_at > now() AS waits,
			coalesce(o.closing_at, o.closed_at, o.expires_at) AS ended_at
		FROM orders o WHERE o.account_id = account AND o.created_at > now() - interval '2 days'
			AND o.pay_state = 'unpaid'),
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
REVOKE EXECUTE ON FUNCTION holds_until FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holds_until TO zx;

-- The limits in force are written with the order, as those of the day's count are. NULL: made
-- by a program that knows of none.
ALTER TABLE orders ADD holds_open bigint, ADD holds_ended bigint;
CREATE FUNCTION holds_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF holds_until(NEW.account_id, NEW.holds_open, NEW.holds_ended) IS NOT NULL THEN
		RAISE EXCEPTION 'account % has too many unpaid orders', NEW.account_id
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
-- By its name behind orders_queued: the person's other orders have been made by now.
CREATE TRIGGER orders_within_holds BEFORE INSERT ON orders
	FOR EACH ROW WHEN (NEW.holds_open IS NOT NULL AND NEW.amount_fen > 0)
	EXECUTE FUNCTION holds_check();
