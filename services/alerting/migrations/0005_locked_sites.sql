-- migrate:up

-- Locks sites in the order of their ids, then tells what is active or shelved there, in one round trip. Each
-- statement of the function sees what was committed before it began, so nothing read here is older than the
-- locks; and what may move a valve is judged by the clock after them (Unix ms). Alerts that ended and that
-- nobody acknowledged may be thousands: of them only the zones of alarms are told.
CREATE FUNCTION locked_sites(ids text[])
RETURNS TABLE (id text, holder text, alerts alert[], alarmed text[], valves jsonb, now_ms bigint)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO site (site_id)
    SELECT unnest(ids) EXCEPT SELECT site_id FROM site WHERE site_id = ANY (ids) ON CONFLICT DO NOTHING;
  PERFORM FROM site WHERE site_id = ANY (ids) ORDER BY site_id FOR UPDATE;
  PERFORM FROM valve WHERE site_id = ANY (ids) ORDER BY valve_id FOR UPDATE;
  RETURN QUERY
    SELECT s.site_id, s.holder_order_id,
      ARRAY(SELECT a FROM alert a WHERE a.site_id = s.site_id AND a.is_open
        AND (a.active OR a.shelved_until_ms IS NOT NULL) ORDER BY a.alert_id),
      ARRAY(SELECT DISTINCT a.zone FROM alert a
        WHERE a.site_id = s.site_id AND a.is_open AND left(a.rule, 1) IN ('G', 'P', 'V') AND a.rule <> 'V02'),
      (SELECT jsonb_agg(v.state ORDER BY v.valve_id) FROM valve v WHERE v.site_id = s.site_id),
      (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM site s WHERE s.site_id = ANY (ids);
END $$;

-- migrate:down
DROP FUNCTION locked_sites;
