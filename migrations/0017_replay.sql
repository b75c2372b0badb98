-- A repeat gets the headers of the first answer too: the version that its ETag told.
ALTER TABLE idempotency ADD version bigint; -- NULL: it had none
