-- migrate:up
-- What one watch tells the next.
CREATE TABLE handover (
  handover_id uuid PRIMARY KEY,
  operator_id text NOT NULL,
  area_code text,
  text text NOT NULL,
  open_alerts jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  accepted_by text,
  accepted_at timestamptz,
  CHECK (accepted_by <> created_by)
);
CREATE INDEX handover_of ON handover (operator_id, created_at DESC);
ALTER TABLE handover ENABLE ROW LEVEL SECURITY;
CREATE POLICY handover_own ON handover TO portal_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
GRANT SELECT, INSERT, UPDATE ON handover TO portal_api;

CREATE TABLE attachment (
  attachment_id uuid PRIMARY KEY,
  operator_id text NOT NULL,
  area_code text,
  order_id text,
  name text NOT NULL,
  media_type text NOT NULL,
  width int NOT NULL,
  height int NOT NULL,
  sha256 bytea NOT NULL,
  content bytea NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attachment_of ON attachment (order_id);
ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
CREATE POLICY attachment_own ON attachment TO portal_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
GRANT SELECT, INSERT ON attachment TO portal_api;

-- migrate:down
DROP TABLE attachment;
DROP TABLE handover;
