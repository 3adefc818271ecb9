-- migrate:up

-- Locks a site and its operator's crews, then tells what a decision sees of them, in one round trip. Each
-- statement of the function sees what was committed before it began, so nothing read here is older than the
-- locks; the crews stay locked until commit, so that none is sent twice.
CREATE FUNCTION locked_site(site text, operator text, wanted text)
RETURNS TABLE (now_ms bigint, shown orders[], crews jsonb, served text[], binding text[])
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO site_lock VALUES (site) ON CONFLICT DO NOTHING;
  PERFORM FROM site_lock WHERE site_id = site FOR UPDATE;
  PERFORM FROM crew WHERE operator_id = operator ORDER BY crew_id FOR NO KEY UPDATE;
  now_ms := extract(epoch FROM clock_timestamp()) * 1000;
  shown := ARRAY(SELECT o FROM orders o
    WHERE o.site_id = site AND (o.state NOT IN ('closed', 'cancelled') OR o.order_id = wanted));
  crews := (SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object(
      'on_shift', EXISTS (SELECT FROM shift s
        WHERE s.crew_id = c.crew_id AND s.on_duty AND s.from_ms <= now_ms AND s.to_ms > now_ms),
      'load', (SELECT count(*) FROM orders o
        WHERE o.crew_id = c.crew_id AND o.state NOT IN ('closed', 'cancelled'))) ORDER BY c.crew_id)
    FROM crew c WHERE c.operator_id = operator);
  served := ARRAY(SELECT DISTINCT unnest(o.alert_ids) FROM orders o WHERE o.site_id = site);
  binding := ARRAY(SELECT b.alert_id FROM binding_alert b WHERE b.site_id = site);
  RETURN NEXT;
END $$;

-- migrate:down
DROP FUNCTION locked_site;
