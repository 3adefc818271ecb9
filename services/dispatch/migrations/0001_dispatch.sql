-- migrate:up
CREATE TABLE site_lock (site_id text PRIMARY KEY);

CREATE TABLE crew (
  crew_id text PRIMARY KEY,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  name text NOT NULL,
  lead text,
  members text[] NOT NULL DEFAULT '{}',
  skills text[] NOT NULL DEFAULT '{}',
  longitude double precision,
  latitude double precision,
  position_at_ms bigint,
  revision int NOT NULL DEFAULT 1
);
CREATE INDEX crew_operator ON crew (operator_id);

CREATE TABLE shift (
  shift_id text PRIMARY KEY,
  crew_id text NOT NULL REFERENCES crew,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  from_ms bigint NOT NULL,
  to_ms bigint NOT NULL CHECK (to_ms > from_ms),
  on_duty boolean NOT NULL DEFAULT true,
  revision int NOT NULL DEFAULT 1
);
CREATE INDEX shift_crew ON shift (crew_id, to_ms);

-- "order" is a word of SQL.
CREATE TABLE orders (
  order_id text PRIMARY KEY,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('response', 'repair', 'inspection')),
  priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
  state text NOT NULL
    CHECK (state IN ('open', 'assigned', 'accepted', 'en_route', 'on_site', 'closed', 'cancelled')),
  text text NOT NULL,
  alert_ids text[] NOT NULL,
  skills text[] NOT NULL,
  crew_id text,
  lead text,
  members text[] NOT NULL,
  tried text[] NOT NULL,
  crews_before text[] NOT NULL,
  opened_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  accept_by_ms bigint,
  arrive_by_ms bigint,
  retry_at_ms bigint,
  accepted_at_ms bigint,
  departed_at_ms bigint,
  arrived_at_ms bigint,
  closed_at_ms bigint,
  waiting boolean NOT NULL,
  late_said boolean NOT NULL,
  holds_site boolean NOT NULL,
  test boolean NOT NULL,
  reserved boolean NOT NULL,
  revision int NOT NULL,
  -- The order's timer: a durable row, compared and set under the lock of its site.
  due_at_ms bigint
);
-- Never two crews sent to one leak.
CREATE UNIQUE INDEX orders_one_open_response ON orders (site_id)
  WHERE kind = 'response' AND state NOT IN ('closed', 'cancelled');
CREATE INDEX orders_site ON orders (site_id);
CREATE INDEX orders_due ON orders (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX orders_crew ON orders (crew_id) WHERE state NOT IN ('closed', 'cancelled');
CREATE INDEX orders_list ON orders (opened_at_ms DESC, order_id DESC);
CREATE INDEX orders_alert ON orders USING gin (alert_ids);

CREATE TABLE order_item (
  order_id text NOT NULL REFERENCES orders,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  at_ms bigint NOT NULL,
  kind text NOT NULL,
  actor text,
  reason text,
  crew_id text,
  alert_id text,
  step text,
  device_time_ms bigint,
  PRIMARY KEY (order_id, seq)
);

-- Append-only: what a crew reported is evidence.
CREATE TABLE order_step (
  step_id text PRIMARY KEY,
  order_id text NOT NULL REFERENCES orders,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  step text NOT NULL,
  person text NOT NULL,
  crew_id text,
  device_time_ms bigint NOT NULL,
  received_at_ms bigint NOT NULL,
  longitude double precision,
  latitude double precision,
  readings jsonb NOT NULL,
  attachment_ids text[] NOT NULL
);
CREATE INDEX order_step_order ON order_step (order_id, device_time_ms);

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
  FOREACH name IN ARRAY ARRAY['crew', 'shift', 'orders', 'order_item', 'order_step'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO dispatch_api USING (gw.visible(operator_id, area_code))'
      ' WITH CHECK (gw.visible(operator_id, area_code))', name);
    EXECUTE format('CREATE POLICY worker ON %I TO dispatch_worker USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON site_lock, crew, shift, orders TO dispatch_api, dispatch_worker;
GRANT SELECT, INSERT ON order_item, order_step TO dispatch_api, dispatch_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox, idempotency TO dispatch_api, dispatch_worker;

-- migrate:down
DROP TABLE idempotency, inbox, outbox, order_step, order_item, orders, shift, crew, site_lock;
