-- migrate:up
-- Traces of the canaries are removed when they have ended and are older than a day; nothing else ever is,
-- and the database holds the worker to that.
GRANT DELETE ON alert, timeline TO alerting_worker;
CREATE POLICY only_canaries ON alert AS RESTRICTIVE FOR DELETE TO alerting_worker
  USING (reserved AND NOT active);
CREATE POLICY only_canaries ON timeline AS RESTRICTIVE FOR DELETE TO alerting_worker
  USING (EXISTS (SELECT FROM alert a WHERE a.alert_id = timeline.alert_id AND a.reserved AND NOT a.active));
CREATE INDEX alert_canary ON alert (updated_at_ms) WHERE reserved AND NOT active;

-- migrate:down
DROP INDEX alert_canary;
DROP POLICY only_canaries ON timeline;
DROP POLICY only_canaries ON alert;
REVOKE DELETE ON alert, timeline FROM alerting_worker;
