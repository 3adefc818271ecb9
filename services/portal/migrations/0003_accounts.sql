-- migrate:up
-- A first password is used once: until it is changed, its owner may do nothing else.
ALTER TABLE account
  ADD COLUMN must_change boolean NOT NULL DEFAULT false,
  ADD COLUMN totp_pending text,
  ADD COLUMN revision int NOT NULL DEFAULT 1;
ALTER TABLE session ADD COLUMN agent text NOT NULL DEFAULT '', ADD COLUMN seen_at timestamptz;
UPDATE session SET seen_at = created_at;
CREATE TABLE idempotency (
  subject text NOT NULL,
  key text NOT NULL,
  digest bytea NOT NULL,
  status int NOT NULL,
  body jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO portal_api;

-- migrate:down
DROP TABLE idempotency;
ALTER TABLE session DROP COLUMN agent, DROP COLUMN seen_at;
ALTER TABLE account DROP COLUMN must_change, DROP COLUMN totp_pending, DROP COLUMN revision;
