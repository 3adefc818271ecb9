-- migrate:up

-- Certificates, tests and findings go with their device: when a site changes hands, its new operator ends
-- the findings and revokes the keys of the old one, and the old one sees them no more.
DROP POLICY tenant ON device_test;
DROP POLICY tenant ON finding;
DROP POLICY tenant ON certificate;
CREATE POLICY tenant ON device_test TO registry_api USING (EXISTS (
  SELECT FROM device d WHERE d.device_id = device_test.device_id
    AND upper_inf(d.valid_time) AND upper_inf(d.record_time)));
CREATE POLICY tenant ON finding TO registry_api USING (EXISTS (
  SELECT FROM device d WHERE d.device_id = finding.device_id
    AND upper_inf(d.valid_time) AND upper_inf(d.record_time)));
CREATE POLICY tenant ON certificate TO registry_api USING (EXISTS (
  SELECT FROM device d WHERE d.device_id = certificate.device_id
    AND upper_inf(d.valid_time) AND upper_inf(d.record_time)));

-- migrate:down
DROP POLICY tenant ON device_test;
DROP POLICY tenant ON finding;
DROP POLICY tenant ON certificate;
CREATE POLICY tenant ON device_test TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON finding TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON certificate TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
