-- migrate:up

-- Plumbing (shared.chassis): outbox, inbox, answers by Idempotency-Key.
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  key text,
  type text NOT NULL,
  value bytea,
  priority smallint NOT NULL DEFAULT 5,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (priority, seq) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE TABLE inbox (
  consumer text,
  message_id text,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);
CREATE TABLE idempotency (
  subject text,
  key text,
  digest bytea NOT NULL,
  status int NOT NULL,
  body jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, key)
);
GRANT INSERT ON outbox TO registry_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO registry_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox TO registry_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO registry_api, registry_worker;

-- migrate:down
DROP TABLE outbox, inbox, idempotency;
