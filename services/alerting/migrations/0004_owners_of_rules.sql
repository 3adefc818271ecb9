-- migrate:up

-- What holds at one site belongs to whom the site belongs; what holds everywhere is everybody's to read.
ALTER TABLE set_point ADD COLUMN operator_id text, ADD COLUMN area_code text;
ALTER TABLE rule_proposal ADD COLUMN operator_id text, ADD COLUMN area_code text;
ALTER TABLE set_point ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_proposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON set_point TO alerting_api
  USING (NOT starts_with(scope, 'site:') OR gw.visible(operator_id, area_code));
CREATE POLICY tenant ON rule_proposal TO alerting_api
  USING (NOT starts_with(scope, 'site:') OR gw.visible(operator_id, area_code));
CREATE POLICY worker ON set_point TO alerting_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON rule_proposal TO alerting_worker USING (true) WITH CHECK (true);

-- migrate:down
DROP POLICY worker ON rule_proposal;
DROP POLICY worker ON set_point;
DROP POLICY tenant ON rule_proposal;
DROP POLICY tenant ON set_point;
ALTER TABLE rule_proposal DISABLE ROW LEVEL SECURITY;
ALTER TABLE set_point DISABLE ROW LEVEL SECURITY;
ALTER TABLE rule_proposal DROP COLUMN operator_id, DROP COLUMN area_code;
ALTER TABLE set_point DROP COLUMN operator_id, DROP COLUMN area_code;
