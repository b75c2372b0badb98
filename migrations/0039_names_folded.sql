-- To people two names are one if they differ only in case, in width or in blanks (NFKC, folded,
-- runs of blanks as one; what only joins or draws an emoji does not count): of the courts of a
-- sport and of the units of a venue each is given once. Names that stood and were alike before
-- stay: the oldest holds the folded form, the others have none until they are called otherwise.
CREATE FUNCTION name_fold(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT btrim(regexp_replace(normalize(lower(upper(normalize(
		translate(name, U&'\200D\FE0E\FE0F', ''), NFKC) COLLATE "und-x-icu")), NFKC), '\s+', ' ', 'g'))
$$;

ALTER TABLE court ADD name_folded text;
UPDATE court c SET name_folded = name_fold(c.name) WHERE NOT EXISTS (SELECT 1 FROM court o
	WHERE o.venue_id = c.venue_id AND o.sport_id = c.sport_id AND o.id < c.id
	AND name_fold(o.name) = name_fold(c.name));
ALTER TABLE court DROP CONSTRAINT court_name_key,
	ADD CONSTRAINT court_name_key UNIQUE (venue_id, sport_id, name_folded);

ALTER TABLE unit ADD name_folded text;
UPDATE unit u SET name_folded = name_fold(u.name) WHERE NOT EXISTS (SELECT 1 FROM unit o
	WHERE o.venue_id = u.venue_id AND o.id < u.id AND name_fold(o.name) = name_fold(u.name));
ALTER TABLE unit DROP CONSTRAINT unit_name_key,
	ADD CONSTRAINT unit_name_key UNIQUE (venue_id, name_folded);

CREATE FUNCTION name_folds() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND name_fold(NEW.name) = name_fold(OLD.name) THEN
		NEW.name_folded := OLD.name_folded;
	ELSE
		NEW.name_folded := name_fold(NEW.name);
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER name_folds BEFORE INSERT OR UPDATE ON court FOR EACH ROW EXECUTE FUNCTION name_folds();
CREATE TRIGGER name_folds BEFORE INSERT OR UPDATE ON unit FOR EACH ROW EXECUTE FUNCTION name_folds();

-- As before, and without the folded name, which only repeats the name beside it.
CREATE OR REPLACE FUNCTION audit_hide(columns jsonb, entity text, is_staff boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE
	AS $$
	SELECT jsonb_object_agg(c.key, CASE
		WHEN c.value = 'null' THEN c.value
		WHEN c.key IN ('password_hash', 'openid', 'unionid')
			OR (c.key IN ('nickname', 'disabled_reason') AND NOT is_staff) THEN '"***"'
		WHEN entity = 'account' AND c.key = 'phone'
			THEN to_jsonb(left(c.value #>> '{}', 3) || '****' || right(c.value #>> '{}', 4))
		ELSE c.value END)
	FROM jsonb_each(columns) c WHERE (entity <> 'refund' OR c.key <> 'request') AND c.key <> 'name_folded'
$$;
