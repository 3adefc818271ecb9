-- migrate:up
CREATE TABLE contact (
  contact_id text PRIMARY KEY,
  operator_id text,
  area_code text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  person text,
  crew_id text,
  language text NOT NULL CHECK (language IN ('zh-CN', 'en')),
  addresses jsonb NOT NULL,
  active boolean NOT NULL DEFAULT true,
  revision int NOT NULL DEFAULT 1
);
CREATE INDEX contact_operator ON contact (operator_id) WHERE active;

CREATE TABLE route (
  route_id text PRIMARY KEY,
  operator_id text,
  area_code text NOT NULL,
  topic text NOT NULL CHECK (topic IN ('alert', 'order', 'enforcement')),
  priorities text[] NOT NULL,
  roles text[] NOT NULL,
  level int NOT NULL CHECK (level BETWEEN 0 AND 2),
  rules text[] NOT NULL,
  whats text[] NOT NULL,
  channels text[] NOT NULL,
  active boolean NOT NULL DEFAULT true,
  revision int NOT NULL DEFAULT 1
);

-- A row before anything is sent, marked after: a crash between sends again with the same key.
CREATE TABLE delivery (
  delivery_id text PRIMARY KEY,
  idempotency_key text NOT NULL UNIQUE,
  subject text NOT NULL,
  topic text NOT NULL,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  priority text NOT NULL,
  recipient text NOT NULL,
  channel text NOT NULL,
  address text NOT NULL,
  language text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  mark text NOT NULL,
  -- Who would be kept waiting by a slow receiver: the same channel and origin.
  lane text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  detail text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX delivery_due ON delivery (priority, due_at) WHERE state = 'pending';
CREATE INDEX delivery_list ON delivery (created_at DESC, delivery_id DESC);
CREATE INDEX delivery_subject ON delivery (subject);

CREATE TABLE escalation (
  alert_id text NOT NULL,
  level int NOT NULL,
  due_at timestamptz NOT NULL,
  notice jsonb NOT NULL,
  PRIMARY KEY (alert_id, level)
);
CREATE INDEX escalation_due ON escalation (due_at);

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
CREATE INDEX idempotency_at ON idempotency (at);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['contact', 'route', 'delivery'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO notification_api USING (gw.visible(operator_id, area_code))'
      ' WITH CHECK (gw.visible(operator_id, area_code))', name);
    EXECUTE format('CREATE POLICY worker ON %I TO notification_worker USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON contact, route TO notification_api;
GRANT SELECT ON delivery TO notification_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO notification_api;
GRANT SELECT ON contact, route TO notification_worker;
GRANT SELECT, INSERT, UPDATE ON delivery TO notification_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON escalation, outbox, inbox TO notification_worker;

-- migrate:down
DROP TABLE idempotency, inbox, outbox, escalation, delivery, route, contact;
