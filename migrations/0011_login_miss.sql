-- Wrong passwords are forgotten after a day without any. A name that nobody has is
-- locked as one that somebody has: what a login answers tells nothing of who works here.

ALTER TABLE staff_login ADD tried_at timestamptz;
UPDATE staff_login SET tried_at = now() WHERE failed > 0;

-- Tries at names that nobody can log in by. What was typed may be a password in the
-- wrong field: the name is a keyed hash (lib/account/mark.h). Rows go after a day.
CREATE TABLE login_miss (
	name         text CONSTRAINT login_miss_pkey PRIMARY KEY,
	failed       bigint NOT NULL,
	tried_at     timestamptz NOT NULL,
	locked_until timestamptz,
	CONSTRAINT login_miss_name_form CHECK (name ~ '^[0-9a-f]{64}$'),
	CONSTRAINT login_miss_failed_some CHECK (failed >= 1)
);
CREATE INDEX login_miss_age ON login_miss (tried_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_miss TO zx;
ALTER TABLE login_miss ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON login_miss TO zx USING (true);
