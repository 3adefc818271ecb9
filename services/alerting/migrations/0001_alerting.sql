-- migrate:up
-- How far each partition of telemetry is decided. `owner_epoch` fences an owner that was replaced.
CREATE TABLE partition (
  partition int PRIMARY KEY,
  "offset" bigint NOT NULL DEFAULT 0,
  owner_epoch bigint NOT NULL DEFAULT 0,
  snapshot bytea,
  snapshot_offset bigint NOT NULL DEFAULT 0,
  snapshot_at timestamptz
);

-- The lock under which everything of a site is decided, and whose crew has arrived there.
CREATE TABLE site (
  site_id text PRIMARY KEY,
  holder_order_id text,
  held_since_ms bigint
);

-- One row per episode; names and meanings are those of shared/contracts (times: Unix ms).
CREATE TABLE alert (
  alert_id uuid PRIMARY KEY,
  rule text NOT NULL,
  family text NOT NULL,
  subject text NOT NULL,
  priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  zone text NOT NULL,
  device_ids text[] NOT NULL,
  opened_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  rule_version int NOT NULL,
  active boolean NOT NULL,
  acknowledged boolean NOT NULL,
  suppressed boolean NOT NULL,
  test boolean NOT NULL,
  in_condition boolean NOT NULL,
  latched boolean NOT NULL,
  value double precision,
  set_point double precision,
  unit text NOT NULL,
  silenced boolean NOT NULL,
  unregistered boolean NOT NULL,
  reserved boolean NOT NULL,
  confirmed text,
  assigned_to text,
  shelved_until_ms bigint,
  acknowledged_at_ms bigint,
  cleared_at_ms bigint,
  repeat_count int NOT NULL,
  repeated_at_ms bigint NOT NULL,
  order_id text,
  reason text NOT NULL,
  revision int NOT NULL,
  is_open boolean NOT NULL GENERATED ALWAYS AS (active OR NOT acknowledged) STORED
);
-- One active alert per family and subject: whatever goes wrong above, the database refuses a second.
CREATE UNIQUE INDEX alert_active ON alert (site_id, family, subject) WHERE active;
CREATE INDEX alert_open ON alert (site_id) WHERE is_open;
CREATE INDEX alert_page ON alert (opened_at_ms DESC, alert_id DESC);
CREATE INDEX alert_of_site ON alert (site_id, opened_at_ms DESC);
CREATE INDEX alert_shelved ON alert (shelved_until_ms) WHERE shelved_until_ms IS NOT NULL;

CREATE TABLE timeline (
  alert_id uuid NOT NULL REFERENCES alert,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  at_ms bigint NOT NULL,
  kind text NOT NULL,
  actor text,
  command_id text,
  reason text,
  PRIMARY KEY (alert_id, seq)
);

-- Set-points are data: every version stays, an alert names the one that raised it. Times: Unix ms, delays ms.
CREATE TABLE set_point (
  key text NOT NULL,
  scope text NOT NULL DEFAULT '',
  version int NOT NULL DEFAULT 1,
  value double precision,
  unit text NOT NULL,
  on_ms bigint NOT NULL CHECK (on_ms >= 0),
  off_ms bigint NOT NULL CHECK (off_ms >= 0),
  deadband double precision NOT NULL CHECK (deadband >= 0),
  priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
  latched boolean NOT NULL,
  standard text NOT NULL,
  clause text NOT NULL DEFAULT '',
  verified boolean NOT NULL DEFAULT false,
  effective_from_ms bigint NOT NULL DEFAULT 0,
  effective_to_ms bigint,
  PRIMARY KEY (key, scope, version)
);
INSERT INTO set_point (key, value, unit, on_ms, off_ms, deadband, priority, latched, standard, clause) VALUES
  ('G01', 10, '%LEL', 10000, 60000, 3, 'P2', false, 'GB 15322', ''),
  ('G02', 50, '%LEL', 0, 120000, 5, 'P1', true, 'GB/T 50493-2019', ''),
  ('G03', 20, '%LEL', 5000, 60000, 3, 'P1', false, 'GB 50028-2006', '9.4.20'),
  ('G04', 2, 'detectors', 0, 120000, 0, 'P1', true, 'CJJ/T 146-2011', '3.3.8'),
  ('G05', 5, '%LEL/min', 0, 120000, 0, 'P2', false, 'default', ''),
  ('G06.long', 50, 'ppm', 3600000, 0, 0, 'P2', true, 'EN 50291', ''),
  ('G06.medium', 100, 'ppm', 600000, 0, 0, 'P2', true, 'EN 50291', ''),
  ('G06.high', 300, 'ppm', 0, 0, 0, 'P1', true, 'EN 50291', ''),
  ('V01', NULL, '', 0, 0, 0, 'P1', false, 'default', ''),
  ('V02', NULL, '', 5000, 30000, 0, 'P2', false, 'default', ''),
  ('V03', NULL, '', 0, 0, 0, 'P1', false, 'GB 50028-2006', '10.8.4'),
  ('D01', NULL, '', 300000, 600000, 0, 'P2', false, '安全生产法', '36'),
  ('D02', NULL, '', 100000, 300000, 0, 'P2', false, 'GB/T 45839-2025', '5.5.1'),
  ('D03', 2.5, 'heartbeats', 0, 0, 0, 'P3', false, 'GB/T 45839-2025', '5.5.2'),
  ('D03.alarm', 25, 's', 0, 0, 0, 'P1', false, 'default', ''),
  ('D03.long', 24, 'h', 0, 0, 0, 'P2', false, 'GB/T 45839-2025', '5.5.2'),
  ('D08', NULL, '', 0, 600000, 0, 'P1', false, 'default', ''),
  ('P01', 90, '% of trip', 15000, 60000, 2, 'P2', false, 'GB 50028-2006', '6.6.10'),
  ('P02', 100, '% of trip', 0, 0, 2, 'P1', true, 'GB 50028-2006', '6.6.10'),
  ('P03', 75, '% of rated', 30000, 120000, 5, 'P2', false, 'default', ''),
  ('P04', 10, '%/min', 15000, 60000, 0, 'P1', false, 'default', ''),
  ('P04.flow', 30, '%', 15000, 60000, 0, 'P1', false, 'default', ''),
  ('L01', 95, '% of relief', 15000, 60000, 2, 'P1', false, 'default', ''),
  ('L02', 85, '%', 60000, 60000, 5, 'P2', false, 'GB 50028-2006', '9.4.14'),
  ('L03', 5, 'Cel', 60000, 60000, 1, 'P2', false, 'GB 50028-2006', '9.4.15'),
  ('O01', 20, 'mg/m3', 0, 0, 0, 'P2', false, 'GB 50028-2006', '3.2.3'),
  ('S01', 10, 'alerts/10min', 0, 0, 0, 'P3', false, 'ISA-18.2', ''),
  ('S01.chattering', 3, 'alerts/min', 0, 0, 0, 'P3', false, 'ISA-18.2', ''),
  ('S01.stale', 24, 'h', 0, 0, 0, 'P3', false, 'ISA-18.2', ''),
  ('S02', NULL, '', 0, 0, 0, 'P1', false, 'default', ''),
  ('S02.marks', 15, 's', 0, 0, 0, 'P1', false, 'default', '');

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

ALTER TABLE alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE timeline ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON alert TO alerting_api USING (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON timeline TO alerting_api USING (gw.visible(operator_id, area_code));
CREATE POLICY worker ON alert TO alerting_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON timeline TO alerting_worker USING (true) WITH CHECK (true);

GRANT SELECT ON alert, timeline, set_point, site TO alerting_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO alerting_api;
GRANT SELECT, INSERT, UPDATE ON partition, site, alert, set_point TO alerting_worker;
GRANT SELECT, INSERT ON timeline TO alerting_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox, idempotency TO alerting_worker;

-- migrate:down
DROP TABLE idempotency, inbox, outbox, set_point, timeline, alert, site, partition;
