-- migrate:up
-- A token that was replaced lives until the new one is seen: the answer with it may never have arrived.
ALTER TABLE session ADD COLUMN former_digest bytea;
CREATE INDEX session_former ON session (former_digest) WHERE former_digest IS NOT NULL;

-- migrate:down
ALTER TABLE session DROP COLUMN former_digest;
