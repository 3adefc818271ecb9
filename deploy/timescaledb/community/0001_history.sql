-- For the community edition of TimescaleDB only; run once by history_owner, after the migrations of history.
-- Compresses what is older than the window for late data (30 days), so that nothing is ever written into a
-- compressed chunk by the usual way. Roll-ups stay the service's in both editions: they hold seconds in alarm
-- (which need each reading's successor) and readings of devices without a clock (which stand in a plain table),
-- and a continuous aggregate can compute neither. Retention is drop_chunks by the service in both.
DO $$
BEGIN
  IF current_setting('timescaledb.license', true) IS DISTINCT FROM 'timescale' THEN
    RAISE EXCEPTION 'this server runs the Apache edition of TimescaleDB: there is nothing to do here';
  END IF;
END
$$;

ALTER TABLE history.reading SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = 'device_key',
  timescaledb.compress_orderby = '"time", boot_id, seq'
);
SELECT add_compression_policy('history.reading', INTERVAL '31 days', if_not_exists => true);

ALTER TABLE history.device_event SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = 'device_key',
  timescaledb.compress_orderby = '"time", boot_id, seq'
);
SELECT add_compression_policy('history.device_event', INTERVAL '38 days', if_not_exists => true);
