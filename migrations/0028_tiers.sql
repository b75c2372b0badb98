-- Who cancels later gets no more: of two tiers the one with fewer hours gives back no larger
-- part and takes no smaller fee, or gives nothing. Lists that stand otherwise stay until they
-- are written anew, and orders keep the rule that they were sold under.
CREATE FUNCTION refund_tiers_fall(tiers jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(bool_and(percent = 0 OR percent <= before_percent AND fee_fen >= before_fee), true)
	FROM (SELECT (t.tier->>'percent')::bigint AS percent, (t.tier->>'fee_fen')::bigint AS fee_fen,
			lag((t.tier->>'percent')::bigint, 1, 100::bigint) OVER w AS before_percent,
			lag((t.tier->>'fee_fen')::bigint, 1, 0::bigint) OVER w AS before_fee
		FROM jsonb_array_elements(tiers) WITH ORDINALITY AS t(tier, nth) WINDOW w AS (ORDER BY nth)) s
$$;
CREATE FUNCTION refund_tiers_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF refund_tiers_ok(NEW.refund_tiers) AND NOT refund_tiers_fall(NEW.refund_tiers) THEN
		RAISE EXCEPTION 'a later cancellation would give back more'
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER venue_refund_tiers_fall BEFORE INSERT OR UPDATE OF refund_tiers ON venue
	FOR EACH ROW EXECUTE FUNCTION refund_tiers_check();
