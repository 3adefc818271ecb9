-- migrate:up

-- Devices as the registry tells of them, and those that were heard before it did (owner unknown: only
-- administrators see them). Everything else refers to a device by its small key.
CREATE TABLE device (
  device_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id text NOT NULL UNIQUE,
  operator_id text,
  area_code text,
  site_id text,
  zone text,
  kind text,
  heartbeat_s integer NOT NULL DEFAULT 60,
  gone boolean NOT NULL DEFAULT false,
  -- Whether odd_reading or odd_device_event holds anything of it; set with the first such row.
  has_odd boolean NOT NULL DEFAULT false
);
CREATE INDEX device_site ON device (site_id);
ALTER TABLE device ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON device FOR SELECT TO history_api USING (gw.visible(operator_id, area_code));
CREATE POLICY worker ON device TO history_worker USING (true) WITH CHECK (true);

-- Readings by the device's own time. No row-level security: whoever asks finds the device first.
-- Chunks of 6 h: 20,000 devices at one reading a minute make an index of 300 MB a chunk, a quarter of
-- the memory of a small database server.
CREATE TABLE reading (
  "time" timestamptz NOT NULL,
  ingested_at timestamptz NOT NULL,
  boot_id bigint NOT NULL,
  seq bigint NOT NULL,
  device_key integer NOT NULL,
  buffered boolean,
  status text NOT NULL,
  gas text,
  lel_percent double precision,
  ppm double precision,
  temperature_c double precision,
  humidity_percent double precision,
  battery_v double precision,
  rssi_dbm double precision,
  life_days_left double precision,
  position text,
  supply text,
  inlet_pressure_kpa double precision,
  outlet_pressure_kpa double precision,
  flow_m3h double precision,
  pressure_kpa double precision,
  level_percent double precision,
  outlet_temperature_c double precision,
  total_m3 double precision,
  odorant_mg_m3 double precision,
  dropped text[],
  unregistered boolean,
  replayed boolean,
  client text
);
SELECT create_hypertable('reading', by_range('time', INTERVAL '6 hours'), create_default_indexes => false);
CREATE UNIQUE INDEX reading_once ON reading (device_key, "time", boot_id, seq);

-- Readings without a device time, or with one outside [-30 d, +5 min] of their arrival: here "time" is
-- when they were first ingested. What is here never enters the hypertable.
CREATE TABLE odd_reading (
  LIKE reading,
  device_time_ms bigint,
  PRIMARY KEY (device_key, boot_id, seq)
);
CREATE INDEX odd_reading_time ON odd_reading (device_key, "time");

-- Events; a negative seq is made from the record's offset for those that have none (connection,
-- alarm_rejected), so that a record which comes twice is stored once.
CREATE TABLE device_event (
  "time" timestamptz NOT NULL,
  ingested_at timestamptz NOT NULL,
  boot_id bigint NOT NULL,
  seq bigint NOT NULL,
  device_key integer NOT NULL,
  buffered boolean,
  type text NOT NULL,
  data jsonb NOT NULL,
  dropped text[],
  unregistered boolean,
  replayed boolean,
  client text
);
SELECT create_hypertable('device_event', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
CREATE UNIQUE INDEX device_event_once ON device_event (device_key, "time", boot_id, seq);

CREATE TABLE odd_device_event (
  LIKE device_event,
  device_time_ms bigint,
  PRIMARY KEY (device_key, boot_id, seq)
);
CREATE INDEX odd_device_event_time ON odd_device_event (device_key, "time");

-- The newest of each device by (boot_id, seq); follows the readings within seconds.
CREATE TABLE latest (
  device_key integer PRIMARY KEY REFERENCES device,
  boot_id bigint,
  seq bigint,
  "time" timestamptz,
  ingested_at timestamptz,
  reading jsonb,
  event_boot_id bigint,
  event_seq bigint,
  event_at timestamptz,
  event_type text,
  event_data jsonb,
  online boolean,
  online_at timestamptz
) WITH (fillfactor = 60);

-- Hours whose roll-up is to be computed (again) once they are over: append-only, so that writing and
-- rolling up never wait for one another. A mark commits together with the readings it stands for.
CREATE TABLE rollup_due (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_key integer NOT NULL,
  hour timestamptz NOT NULL
);
CREATE INDEX rollup_due_device ON rollup_due (device_key, hour);
CREATE INDEX rollup_due_hour ON rollup_due (hour);

-- One row per device and hour (day, in UTC) that has readings; alarm_s = seconds in an alarm status.
CREATE TABLE reading_hourly (
  hour timestamptz NOT NULL,
  device_key integer NOT NULL,
  count integer NOT NULL,
  alarm_s real NOT NULL,
  lel_percent_min double precision, lel_percent_max double precision, lel_percent_sum double precision, lel_percent_count integer,
  ppm_min double precision, ppm_max double precision, ppm_sum double precision, ppm_count integer,
  temperature_c_min double precision, temperature_c_max double precision, temperature_c_sum double precision, temperature_c_count integer,
  humidity_percent_min double precision, humidity_percent_max double precision, humidity_percent_sum double precision, humidity_percent_count integer,
  battery_v_min double precision, battery_v_max double precision, battery_v_sum double precision, battery_v_count integer,
  rssi_dbm_min double precision, rssi_dbm_max double precision, rssi_dbm_sum double precision, rssi_dbm_count integer,
  life_days_left_min double precision, life_days_left_max double precision, life_days_left_sum double precision, life_days_left_count integer,
  inlet_pressure_kpa_min double precision, inlet_pressure_kpa_max double precision, inlet_pressure_kpa_sum double precision, inlet_pressure_kpa_count integer,
  outlet_pressure_kpa_min double precision, outlet_pressure_kpa_max double precision, outlet_pressure_kpa_sum double precision, outlet_pressure_kpa_count integer,
  flow_m3h_min double precision, flow_m3h_max double precision, flow_m3h_sum double precision, flow_m3h_count integer,
  pressure_kpa_min double precision, pressure_kpa_max double precision, pressure_kpa_sum double precision, pressure_kpa_count integer,
  level_percent_min double precision, level_percent_max double precision, level_percent_sum double precision, level_percent_count integer,
  outlet_temperature_c_min double precision, outlet_temperature_c_max double precision, outlet_temperature_c_sum double precision, outlet_temperature_c_count integer,
  total_m3_min double precision, total_m3_max double precision, total_m3_sum double precision, total_m3_count integer,
  odorant_mg_m3_min double precision, odorant_mg_m3_max double precision, odorant_mg_m3_sum double precision, odorant_mg_m3_count integer
);
SELECT create_hypertable('reading_hourly', by_range('hour', INTERVAL '30 days'), create_default_indexes => false);
CREATE UNIQUE INDEX reading_hourly_once ON reading_hourly (device_key, hour);

CREATE TABLE reading_daily (LIKE reading_hourly);
ALTER TABLE reading_daily RENAME hour TO day;
SELECT create_hypertable('reading_daily', by_range('day', INTERVAL '360 days'), create_default_indexes => false);
CREATE UNIQUE INDEX reading_daily_once ON reading_daily (device_key, day);

-- Rolls up hour `since` of some devices from what is stored. A reading in alarm counts until the next
-- reading, or for 2.5 heartbeats (an hour at most) when none comes; what reaches over the end of the hour
-- belongs to the next one. The plan is made anew each time, so that only the chunks of that hour are opened.
CREATE FUNCTION roll_hour(keys integer[], since timestamptz) RETURNS SETOF reading_hourly
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  earlier timestamptz := since - INTERVAL '1 hour';
  until timestamptz := since + INTERVAL '1 hour';
BEGIN
  RETURN QUERY
  WITH heard AS (
    SELECT device_key, boot_id, seq, "time", status,
      lel_percent, ppm, temperature_c, humidity_percent, battery_v, rssi_dbm, life_days_left,
      inlet_pressure_kpa, outlet_pressure_kpa, flow_m3h, pressure_kpa, level_percent,
      outlet_temperature_c, total_m3, odorant_mg_m3
    FROM reading WHERE device_key = ANY(keys) AND "time" >= earlier AND "time" < until
    UNION ALL
    SELECT device_key, boot_id, seq, "time", status,
      lel_percent, ppm, temperature_c, humidity_percent, battery_v, rssi_dbm, life_days_left,
      inlet_pressure_kpa, outlet_pressure_kpa, flow_m3h, pressure_kpa, level_percent,
      outlet_temperature_c, total_m3, odorant_mg_m3
    FROM odd_reading WHERE device_key = ANY(keys) AND "time" >= earlier AND "time" < until
  ), spans AS (
    SELECT h.device_key, status, "time" AS began,
      least(lead("time") OVER (PARTITION BY h.device_key ORDER BY "time", boot_id, seq),
            "time" + least(heartbeat_s * 2.5, 3600) * INTERVAL '1 second', until) AS ended
    FROM heard h JOIN device USING (device_key)
  ), alarms AS (
    SELECT a.device_key, sum(extract(epoch FROM ended - greatest(began, since))) AS alarm_s
    FROM spans a WHERE status LIKE 'alarm%' AND ended > since GROUP BY a.device_key
  ), rolled AS (
    SELECT h.device_key, count(*)::integer AS count,
      min(lel_percent) AS lel_percent_min, max(lel_percent) AS lel_percent_max, sum(lel_percent) AS lel_percent_sum, count(lel_percent)::integer AS lel_percent_count,
      min(ppm) AS ppm_min, max(ppm) AS ppm_max, sum(ppm) AS ppm_sum, count(ppm)::integer AS ppm_count,
      min(temperature_c) AS temperature_c_min, max(temperature_c) AS temperature_c_max, sum(temperature_c) AS temperature_c_sum, count(temperature_c)::integer AS temperature_c_count,
      min(humidity_percent) AS humidity_percent_min, max(humidity_percent) AS humidity_percent_max, sum(humidity_percent) AS humidity_percent_sum, count(humidity_percent)::integer AS humidity_percent_count,
      min(battery_v) AS battery_v_min, max(battery_v) AS battery_v_max, sum(battery_v) AS battery_v_sum, count(battery_v)::integer AS battery_v_count,
      min(rssi_dbm) AS rssi_dbm_min, max(rssi_dbm) AS rssi_dbm_max, sum(rssi_dbm) AS rssi_dbm_sum, count(rssi_dbm)::integer AS rssi_dbm_count,
      min(life_days_left) AS life_days_left_min, max(life_days_left) AS life_days_left_max, sum(life_days_left) AS life_days_left_sum, count(life_days_left)::integer AS life_days_left_count,
      min(inlet_pressure_kpa) AS inlet_pressure_kpa_min, max(inlet_pressure_kpa) AS inlet_pressure_kpa_max, sum(inlet_pressure_kpa) AS inlet_pressure_kpa_sum, count(inlet_pressure_kpa)::integer AS inlet_pressure_kpa_count,
      min(outlet_pressure_kpa) AS outlet_pressure_kpa_min, max(outlet_pressure_kpa) AS outlet_pressure_kpa_max, sum(outlet_pressure_kpa) AS outlet_pressure_kpa_sum, count(outlet_pressure_kpa)::integer AS outlet_pressure_kpa_count,
      min(flow_m3h) AS flow_m3h_min, max(flow_m3h) AS flow_m3h_max, sum(flow_m3h) AS flow_m3h_sum, count(flow_m3h)::integer AS flow_m3h_count,
      min(pressure_kpa) AS pressure_kpa_min, max(pressure_kpa) AS pressure_kpa_max, sum(pressure_kpa) AS pressure_kpa_sum, count(pressure_kpa)::integer AS pressure_kpa_count,
      min(level_percent) AS level_percent_min, max(level_percent) AS level_percent_max, sum(level_percent) AS level_percent_sum, count(level_percent)::integer AS level_percent_count,
      min(outlet_temperature_c) AS outlet_temperature_c_min, max(outlet_temperature_c) AS outlet_temperature_c_max, sum(outlet_temperature_c) AS outlet_temperature_c_sum, count(outlet_temperature_c)::integer AS outlet_temperature_c_count,
      min(total_m3) AS total_m3_min, max(total_m3) AS total_m3_max, sum(total_m3) AS total_m3_sum, count(total_m3)::integer AS total_m3_count,
      min(odorant_mg_m3) AS odorant_mg_m3_min, max(odorant_mg_m3) AS odorant_mg_m3_max, sum(odorant_mg_m3) AS odorant_mg_m3_sum, count(odorant_mg_m3)::integer AS odorant_mg_m3_count
    FROM heard h WHERE "time" >= since GROUP BY h.device_key
  )
  SELECT since, r.device_key, r.count, coalesce(a.alarm_s, 0)::real, 
    r.lel_percent_min, r.lel_percent_max, r.lel_percent_sum, r.lel_percent_count, r.ppm_min,
    r.ppm_max, r.ppm_sum, r.ppm_count, r.temperature_c_min, r.temperature_c_max,
    r.temperature_c_sum, r.temperature_c_count, r.humidity_percent_min, r.humidity_percent_max,
    r.humidity_percent_sum, r.humidity_percent_count, r.battery_v_min, r.battery_v_max,
    r.battery_v_sum, r.battery_v_count, r.rssi_dbm_min, r.rssi_dbm_max, r.rssi_dbm_sum,
    r.rssi_dbm_count, r.life_days_left_min, r.life_days_left_max, r.life_days_left_sum,
    r.life_days_left_count, r.inlet_pressure_kpa_min, r.inlet_pressure_kpa_max,
    r.inlet_pressure_kpa_sum, r.inlet_pressure_kpa_count, r.outlet_pressure_kpa_min,
    r.outlet_pressure_kpa_max, r.outlet_pressure_kpa_sum, r.outlet_pressure_kpa_count,
    r.flow_m3h_min, r.flow_m3h_max, r.flow_m3h_sum, r.flow_m3h_count, r.pressure_kpa_min,
    r.pressure_kpa_max, r.pressure_kpa_sum, r.pressure_kpa_count, r.level_percent_min,
    r.level_percent_max, r.level_percent_sum, r.level_percent_count, r.outlet_temperature_c_min,
    r.outlet_temperature_c_max, r.outlet_temperature_c_sum, r.outlet_temperature_c_count,
    r.total_m3_min, r.total_m3_max, r.total_m3_sum, r.total_m3_count, r.odorant_mg_m3_min,
    r.odorant_mg_m3_max, r.odorant_mg_m3_sum, r.odorant_mg_m3_count
  FROM rolled r LEFT JOIN alarms a USING (device_key);
END
$$;

-- What is asked goes through these names, whatever edition of TimescaleDB stands behind them.
CREATE VIEW readings_hourly WITH (security_invoker = true) AS SELECT * FROM reading_hourly;
CREATE VIEW readings_daily WITH (security_invoker = true) AS SELECT * FROM reading_daily;

CREATE VIEW public.reading_v1 WITH (security_invoker = true) AS
  SELECT d.device_id, r.boot_id, r.seq, r.time_ms, coalesce(r.buffered, false) AS buffered, r.status,
    r.gas, r.lel_percent, r.ppm, r.temperature_c, r.humidity_percent, r.battery_v, r.rssi_dbm,
    r.life_days_left, r.position, r.supply, r.inlet_pressure_kpa, r.outlet_pressure_kpa,
    r.flow_m3h, r.pressure_kpa, r.level_percent, r.outlet_temperature_c, r.total_m3,
    r.odorant_mg_m3,
    r.dropped, r.unregistered, r.replayed, r.client, r."time", r.ingested_at, r.odd,
    round(r.time_ms - extract(epoch FROM r.ingested_at) * 1000)::bigint AS skew_ms,
    coalesce(r.ingested_at - r."time" > INTERVAL '60 seconds', false) AS late
  FROM (
    SELECT *, round(extract(epoch FROM "time") * 1000)::bigint AS time_ms, false AS odd FROM history.reading
    UNION ALL
    SELECT o.*, true FROM history.odd_reading o
  ) r JOIN history.device d USING (device_key);

CREATE VIEW public.device_event_v1 WITH (security_invoker = true) AS
  SELECT d.device_id, nullif(e.boot_id, -1) AS boot_id, CASE WHEN e.seq >= 0 THEN e.seq END AS seq, e.time_ms,
    coalesce(e.buffered, false) AS buffered, e.type, e.data,
    e.dropped, e.unregistered, e.replayed, e.client, e."time", e.ingested_at, e.odd,
    round(e.time_ms - extract(epoch FROM e.ingested_at) * 1000)::bigint AS skew_ms,
    coalesce(e.ingested_at - e."time" > INTERVAL '60 seconds', false) AS late
  FROM (
    SELECT *, round(extract(epoch FROM "time") * 1000)::bigint AS time_ms, false AS odd
    FROM history.device_event
    UNION ALL
    SELECT o.*, true FROM history.odd_device_event o
  ) e JOIN history.device d USING (device_key);

-- drop_chunks is for owners; the worker may drop what is too old, and nothing else.
CREATE FUNCTION drop_older(relation regclass, older_than timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = history, public AS $$
DECLARE dropped integer;
BEGIN
  IF older_than > now() - INTERVAL '7 days' THEN
    RAISE EXCEPTION 'refusing to drop what is younger than 7 days';
  END IF;
  SELECT count(*) INTO dropped FROM public.drop_chunks(relation, older_than);
  RETURN dropped;
END
$$;
REVOKE ALL ON FUNCTION drop_older(regclass, timestamptz) FROM PUBLIC;

REVOKE ALL ON FUNCTION roll_hour(integer[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION roll_hour(integer[], timestamptz) TO history_worker, history_api;
GRANT EXECUTE ON FUNCTION drop_older(regclass, timestamptz) TO history_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA history TO history_worker;
GRANT SELECT ON device, reading, odd_reading, device_event, odd_device_event, latest, rollup_due,
  reading_hourly, reading_daily, readings_hourly, readings_daily TO history_api;
GRANT SELECT ON public.reading_v1, public.device_event_v1 TO history_api, history_worker;

-- The role with which other programs may look (WIRE.md section 4).
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gw_reader') THEN
    GRANT USAGE ON SCHEMA history TO gw_reader;
    GRANT SELECT ON device, reading, odd_reading, device_event, odd_device_event TO gw_reader;
    GRANT SELECT ON public.reading_v1, public.device_event_v1 TO gw_reader;
    CREATE POLICY reader ON device FOR SELECT TO gw_reader USING (true);
  END IF;
END
$$;

-- migrate:down
DROP VIEW public.reading_v1, public.device_event_v1;
DROP VIEW readings_hourly, readings_daily;
DROP FUNCTION drop_older(regclass, timestamptz);
DROP FUNCTION roll_hour(integer[], timestamptz);
DROP TABLE reading_daily, reading_hourly, rollup_due, latest, odd_device_event, device_event, odd_reading,
  reading, device;
