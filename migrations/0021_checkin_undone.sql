-- A check-in that was a mistake is taken back: its row moves here, with who did it and why.
CREATE TABLE checkin_undone (
	item_id   bigint NOT NULL,
	order_id  bigint NOT NULL,
	venue_id  bigint NOT NULL,
	staff_id  bigint NOT NULL,
	method    text NOT NULL,
	at        timestamptz NOT NULL,
	undone_by bigint NOT NULL,
	undone_at timestamptz NOT NULL DEFAULT now(),
	reason    text NOT NULL,
	CONSTRAINT checkin_undone_pkey PRIMARY KEY (item_id, at),
	CONSTRAINT checkin_undone_item_fk FOREIGN KEY (item_id) REFERENCES order_item (id),
	CONSTRAINT checkin_undone_order_fk FOREIGN KEY (order_id) REFERENCES orders (id),
	CONSTRAINT checkin_undone_venue_fk FOREIGN KEY (venue_id) REFERENCES venue (id),
	CONSTRAINT checkin_undone_staff_fk FOREIGN KEY (staff_id) REFERENCES account (id),
	CONSTRAINT checkin_undone_by_fk FOREIGN KEY (undone_by) REFERENCES account (id),
	CONSTRAINT checkin_undone_after CHECK (undone_at >= at)
);
CREATE INDEX checkin_order ON checkin (order_id);
CREATE INDEX checkin_undone_order ON checkin_undone (order_id);
CREATE INDEX checkin_undone_venue ON checkin_undone (venue_id);
ALTER TABLE checkin_undone ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON checkin_undone TO zx USING (true);
CREATE POLICY in_scope ON checkin_undone TO zx_staff
	USING ((SELECT staff_everywhere()) OR venue_id = ANY ((SELECT staff_venues())::bigint[]));
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON checkin_undone FOR EACH ROW
	WHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('item_id');
GRANT SELECT ON checkin_undone TO zx;
GRANT SELECT, INSERT ON checkin_undone TO zx_staff;
GRANT DELETE ON checkin TO zx_staff;
INSERT INTO state_move VALUES ('order_item', 'used', 'booked', 'the check-in was undone');
