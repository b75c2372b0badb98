-- A price line is for a sport that its venue offers; lines that stand otherwise stay until they
-- are written anew.
ALTER TABLE price_rule ADD CONSTRAINT price_rule_offer_fk
	FOREIGN KEY (venue_id, sport_id) REFERENCES venue_sport (venue_id, sport_id) NOT VALID;
