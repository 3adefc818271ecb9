-- migrate:up
-- Alerts that last and keep a crew at their site: with one, an order is not cancelled, nor closed unsaid.
CREATE TABLE binding_alert (
  alert_id text PRIMARY KEY,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL
);
CREATE INDEX binding_alert_site ON binding_alert (site_id);

ALTER TABLE binding_alert ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON binding_alert TO dispatch_api USING (gw.visible(operator_id, area_code))
  WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY worker ON binding_alert TO dispatch_worker USING (true) WITH CHECK (true);
GRANT SELECT ON binding_alert TO dispatch_api;
GRANT SELECT, INSERT, DELETE ON binding_alert TO dispatch_worker;

-- migrate:down
DROP TABLE binding_alert;
