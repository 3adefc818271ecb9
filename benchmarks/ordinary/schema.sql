CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE device (device_id text PRIMARY KEY, client_id text NOT NULL, site_id text NOT NULL, kind text NOT NULL);
CREATE TABLE reading (
  "time" timestamptz NOT NULL,
  ingested_at timestamptz NOT NULL DEFAULT now(),
  device_id text NOT NULL,
  boot_id bigint NOT NULL,
  seq bigint NOT NULL,
  status text NOT NULL,
  gas text,
  lel_percent double precision,
  temperature_c double precision,
  humidity_percent double precision,
  battery_v double precision,
  rssi_dbm double precision,
  life_days_left double precision
);
SELECT create_hypertable('reading', by_range('time', INTERVAL '6 hours'), create_default_indexes => false);
CREATE UNIQUE INDEX reading_once ON reading (device_id, "time", boot_id, seq);
CREATE TABLE event (
  "time" timestamptz NOT NULL,
  device_id text NOT NULL,
  boot_id bigint NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (device_id, boot_id, seq)
);
CREATE TABLE alert (
  alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id text NOT NULL,
  site_id text NOT NULL,
  rule text NOT NULL,
  value double precision,
  opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE alert_cleared (alert_id bigint PRIMARY KEY REFERENCES alert, cleared_at timestamptz NOT NULL DEFAULT now());
