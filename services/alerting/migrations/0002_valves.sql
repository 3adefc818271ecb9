-- migrate:up
-- The loop of each valve: `state` is the domain's, the other columns are what queries need.
CREATE TABLE valve (
  valve_id text PRIMARY KEY,
  client_id text NOT NULL,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  zone text NOT NULL,
  position text NOT NULL,
  state jsonb NOT NULL,
  next_deadline timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX valve_site ON valve (site_id);
CREATE INDEX valve_deadline ON valve (next_deadline) WHERE next_deadline IS NOT NULL;

-- Every command ever issued; there is one action, so there is no column for it.
CREATE TABLE valve_command (
  command_id uuid PRIMARY KEY,
  valve_id text NOT NULL,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  zone text NOT NULL,
  seq bigint NOT NULL,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at <= issued_at + interval '30 seconds'),
  alert_ids text[] NOT NULL,
  actors text[] NOT NULL CHECK (cardinality(actors) > 0),
  automatic boolean NOT NULL,
  reason text NOT NULL,
  attempt smallint NOT NULL,
  results text[] NOT NULL,
  closed boolean NOT NULL,
  UNIQUE (valve_id, seq)
);
CREATE INDEX valve_command_page ON valve_command (valve_id, seq DESC, command_id DESC);

-- Whose crew holds the site: only its lead resets a latched alert.
ALTER TABLE site ADD COLUMN holder_crew_id text;

-- A person armed a close with the second factor; the token is known to that person only.
CREATE TABLE valve_arm (
  token_sha256 bytea PRIMARY KEY,
  valve_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  subject text NOT NULL,
  reason text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);

-- A change of a set-point waits for a second person.
CREATE TABLE rule_proposal (
  proposal_id uuid PRIMARY KEY,
  rule text NOT NULL,
  key text NOT NULL,
  scope text NOT NULL,
  changes jsonb NOT NULL,
  effective_from timestamptz NOT NULL,
  reason text NOT NULL,
  proposed_by text NOT NULL,
  by_administrator boolean NOT NULL,
  proposed_at timestamptz NOT NULL DEFAULT now(),
  approved_by text CHECK (approved_by <> proposed_by),
  approved_at timestamptz,
  CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

ALTER TABLE valve ENABLE ROW LEVEL SECURITY;
ALTER TABLE valve_command ENABLE ROW LEVEL SECURITY;
ALTER TABLE valve_arm ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON valve TO alerting_api USING (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON valve_command TO alerting_api USING (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON valve_arm TO alerting_api USING (gw.visible(operator_id, area_code));
CREATE POLICY worker ON valve TO alerting_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON valve_command TO alerting_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON valve_arm TO alerting_worker USING (true) WITH CHECK (true);

-- Who answers people reads; what they do is done by the worker's role under the site's lock.
GRANT SELECT ON valve, valve_command, rule_proposal TO alerting_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON valve, valve_command, valve_arm, rule_proposal TO alerting_worker;

-- migrate:down
ALTER TABLE site DROP COLUMN holder_crew_id;
DROP TABLE rule_proposal, valve_arm, valve_command, valve;
