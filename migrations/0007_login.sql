-- Logins: one living session per person and kind of client, refresh tokens that
-- rotate, and staff who have to choose a password of their own first.

-- A refresh token is made of the session, its generation and `salt` under a key
-- that the database does not know (lib/account/refresh.h). agent: a digest of
-- the client's User-Agent at the last exchange.
ALTER TABLE session
	ADD generation bigint NOT NULL DEFAULT 1,
	ADD rotated_at timestamptz NOT NULL DEFAULT now(),
	ADD salt       text NOT NULL DEFAULT md5(random()::text || clock_timestamp()::text),
	ADD agent      text NOT NULL DEFAULT '',
	ADD remembered boolean NOT NULL DEFAULT false,
	ADD CONSTRAINT session_generation_counts CHECK (generation >= 1);
ALTER TABLE session ALTER salt DROP DEFAULT;

-- Who is signed in twice keeps the later one.
UPDATE session s SET ended_at = now(), ended_why = 'elsewhere'
	WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM session l WHERE l.account_id = s.account_id
		AND l.client = s.client AND l.ended_at IS NULL AND (l.created_at, l.id) > (s.created_at, s.id));
DROP INDEX session_account_live;
CREATE UNIQUE INDEX session_one_living ON session (account_id, client) WHERE ended_at IS NULL;
ALTER TABLE session ADD CONSTRAINT session_end_known CHECK (ended_why IN
	('elsewhere', 'logout', 'expired', 'disabled', 'reuse', 'password', 'deleted', 'test')) NOT VALID;

ALTER TABLE staff_login ADD must_change boolean NOT NULL DEFAULT false;
