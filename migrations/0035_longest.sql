-- One period could be a whole day. How long one may be at most is the venue's to say; a
-- single slot may always be had (lib/venue/period.c).
ALTER TABLE venue ADD longest_minutes bigint NOT NULL DEFAULT 240
	CONSTRAINT venue_longest CHECK (longest_minutes BETWEEN 30 AND 1800 AND longest_minutes % 30 = 0);

-- An order reads it with the rest of the frame.
DROP TRIGGER frame ON venue;
CREATE TRIGGER frame AFTER UPDATE OF timezone, window_days, ends_on, closed_at, longest_minutes ON venue
	FOR EACH ROW WHEN ((OLD.timezone, OLD.window_days, OLD.ends_on, OLD.closed_at, OLD.longest_minutes)
		IS DISTINCT FROM (NEW.timezone, NEW.window_days, NEW.ends_on, NEW.closed_at, NEW.longest_minutes))
	EXECUTE FUNCTION frame_counts();
