-- A day is closed, hours are shortened, a court is blocked or ended while periods are sold.
-- Each of these periods is written down until people have chosen: it is kept, or cancelled
-- by the venue and given back in full (lib/pay/settle.h). What is chosen to be given back
-- stays so, and what could not be given back yet has a trouble.
CREATE TABLE outside_item (
	item_id   bigint CONSTRAINT outside_item_pkey PRIMARY KEY
		CONSTRAINT outside_item_item_fk REFERENCES order_item,
	order_id  bigint NOT NULL, -- no foreign keys: whoever closes must not wait for orders here
	venue_id  bigint NOT NULL,
	choice    text CONSTRAINT outside_item_choice_known CHECK (choice IN ('keep', 'refund_all')),
	reason    text NOT NULL DEFAULT '', -- the customer reads it
	listed_at timestamptz NOT NULL DEFAULT now(),
	chosen_at timestamptz,
	chosen_by bigint CONSTRAINT outside_item_chosen_by_fk REFERENCES account,
	run_at    timestamptz NOT NULL DEFAULT now(),
	tries     bigint NOT NULL DEFAULT 0,
	trouble   text,
	done_at   timestamptz, -- nothing is left to be done
	CONSTRAINT outside_item_chosen_at_some CHECK ((choice IS NULL) = (chosen_at IS NULL)),
	CONSTRAINT outside_item_kept_is_done CHECK (choice <> 'keep' OR done_at IS NOT NULL),
	CONSTRAINT outside_item_refund_says_why CHECK (choice <> 'refund_all' OR reason <> '')
);
CREATE INDEX outside_item_order ON outside_item (order_id);
CREATE INDEX outside_item_open ON outside_item (venue_id, item_id) WHERE done_at IS NULL;
CREATE INDEX outside_item_due ON outside_item (run_at) WHERE choice = 'refund_all' AND done_at IS NULL;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON outside_item FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('item_id');
ALTER TABLE outside_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON outside_item TO zx USING (true);
CREATE POLICY in_scope ON outside_item TO zx_staff USING ((SELECT staff_everywhere())
	OR venue_id = ANY ((SELECT staff_venues())::bigint[]));
GRANT SELECT, UPDATE ON outside_item TO zx;
GRANT SELECT, INSERT, UPDATE, DELETE ON outside_item TO zx_staff;

-- Money that goes back needs the permission for that, too.
CREATE FUNCTION outside_item_rights() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM account_role r JOIN role_permission p ON p.role = r.role
			WHERE r.account_id = staff_actor() AND p.permission = 'refund'
			AND (r.venue_id IS NULL OR r.venue_id = NEW.venue_id)) THEN
		PERFORM staff_refuse('forbidden');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER outside_item_rights BEFORE INSERT OR UPDATE OF choice ON outside_item FOR EACH ROW
	WHEN (NEW.choice = 'refund_all' AND current_setting('zx.actor', true) <> '')
	EXECUTE FUNCTION outside_item_rights();
-- What is to be given back stays so.
CREATE FUNCTION outside_item_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'item % is to be given back', OLD.item_id
		USING ERRCODE = 'check_violation', CONSTRAINT = 'outside_item_stays', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER outside_item_stays BEFORE UPDATE OF choice ON outside_item FOR EACH ROW
	WHEN (OLD.choice = 'refund_all' AND OLD.done_at IS NULL AND NEW.choice IS DISTINCT FROM 'refund_all')
	EXECUTE FUNCTION outside_item_stays();

-- The work list holds an order as long as a period of it is undecided or could not be given
-- back. Looked at when the transaction ends, when what is chosen at once has its choice. The
-- entry is held first: of two who decide at once the second sees the first.
ALTER TABLE work_item DROP CONSTRAINT work_item_kind_known;
ALTER TABLE work_item ADD CONSTRAINT work_item_kind_known CHECK (kind IN
	('refund_stuck', 'strange_payment', 'reconcile', 'refunded_twice', 'shipping_stuck', 'sold_outside'));
CREATE FUNCTION outside_item_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	its_order bigint := coalesce(NEW.order_id, OLD.order_id);
	its_key text := 'sold_outside:' || its_order;
	left_over jsonb;
BEGIN
	PERFORM 1 FROM work_item w WHERE w.key = its_key FOR UPDATE;
	left_over := (SELECT jsonb_agg(jsonb_build_object('item_id', x.item_id, 'choice', x.choice,
			'trouble', x.trouble) ORDER BY x.item_id) FROM outside_item x
		WHERE x.order_id = its_order AND x.done_at IS NULL AND (x.choice IS NULL OR x.trouble IS NOT NULL));
	IF left_over IS NULL THEN
		UPDATE work_item SET done_at = now(), done_by = staff_actor(), note = '已处理'
			WHERE key = its_key AND done_at IS NULL;
	ELSE
		INSERT INTO work_item (id, key, kind, venue_id, order_id, detail)
			VALUES (nextval('id_block') * 256, its_key, 'sold_outside', coalesce(NEW.venue_id, OLD.venue_id),
				its_order, jsonb_build_object('items', left_over))
			ON CONFLICT ON CONSTRAINT work_item_key DO UPDATE SET detail = excluded.detail,
				opened_at = CASE WHEN work_item.done_at IS NULL THEN work_item.opened_at ELSE now() END,
				done_at = NULL, done_by = NULL, note = NULL;
	END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER outside_item_listed AFTER INSERT OR DELETE ON outside_item
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION outside_item_work();
CREATE CONSTRAINT TRIGGER outside_item_decided AFTER UPDATE ON outside_item
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN ((OLD.choice, OLD.done_at, OLD.trouble) IS DISTINCT FROM (NEW.choice, NEW.done_at, NEW.trouble))
	EXECUTE FUNCTION outside_item_work();

-- Whoever gives a period up, or uses it: nothing is left to be decided.
CREATE FUNCTION outside_item_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	UPDATE outside_item SET done_at = now(), trouble = NULL WHERE item_id = NEW.id AND done_at IS NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER order_item_outside_over AFTER UPDATE OF state ON order_item FOR EACH ROW
	WHEN (OLD.state IN ('held', 'booked') AND NEW.state IN ('used', 'released'))
	EXECUTE FUNCTION outside_item_over();

ALTER TABLE refund DROP CONSTRAINT refund_cause_known;
ALTER TABLE refund ADD CONSTRAINT refund_cause_known
	CHECK (cause IN ('cancel', 'staff', 'venue', 'late', 'surplus', 'reconcile'));

-- A block also lies over what is sold and chosen for: it holds the rest, and the floor of a
-- period falls to it when that is given up.
CREATE OR REPLACE FUNCTION floor_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	units bigint := (SELECT count(*) FROM court_unit u WHERE u.court_id = NEW.court_id);
	steps bigint := extract(epoch FROM upper(NEW.during) - lower(NEW.during))::bigint / 1800;
	held bigint;
BEGIN
	IF TG_TABLE_NAME = 'order_item' THEN
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE o.item_id = NEW.id AND u.court_id = NEW.court_id AND NEW.during @> o.at);
	ELSE
		held := (SELECT count(*) FROM occupancy o JOIN court_unit u ON u.unit_id = o.unit_id
			WHERE (o.block_id = NEW.id OR EXISTS (SELECT 1 FROM outside_item x
				WHERE x.item_id = o.item_id AND x.choice IS NOT NULL))
			AND u.court_id = NEW.court_id AND o.at >= lower(NEW.during) AND o.at < upper(NEW.during));
	END IF;
	IF held = 0 OR held <> units * steps THEN
		RAISE EXCEPTION '% half hours of floor are held, not %', held, units * steps
			USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION floor_to_block() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	INSERT INTO occupancy (unit_id, at, block_id)
		SELECT DISTINCT ON (g.unit_id, g.at) g.unit_id, g.at, b.id FROM gone g
		JOIN court_unit u ON u.unit_id = g.unit_id
		JOIN court_block b ON b.court_id = u.court_id AND b.during @> g.at
		WHERE g.item_id IS NOT NULL ORDER BY g.unit_id, g.at, b.id
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER occupancy_to_block AFTER DELETE ON occupancy REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION floor_to_block();
