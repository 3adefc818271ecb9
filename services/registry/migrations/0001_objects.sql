-- migrate:up

-- The areas of GB/T 2260. A code that a later edition replaced keeps its row, with its end and successor.
CREATE TABLE area (
  area_code text PRIMARY KEY CHECK (area_code ~ '^[0-9]{6}$'),
  name text NOT NULL,
  in_force daterange NOT NULL DEFAULT '(,)',
  successor text
);
INSERT INTO area (area_code, name) VALUES
  ('530000', '云南省'),
  ('530100', '昆明市'), ('530300', '曲靖市'), ('530400', '玉溪市'), ('530500', '保山市'),
  ('530600', '昭通市'), ('530700', '丽江市'), ('530800', '普洱市'), ('530900', '临沧市'),
  ('532300', '楚雄彝族自治州'), ('532500', '红河哈尼族彝族自治州'), ('532600', '文山壮族苗族自治州'),
  ('532800', '西双版纳傣族自治州'), ('532900', '大理白族自治州'), ('533100', '德宏傣族景颇族自治州'),
  ('533300', '怒江傈僳族自治州'), ('533400', '迪庆藏族自治州'),
  ('530602', '昭阳区'), ('530621', '鲁甸县'), ('530622', '巧家县'), ('530623', '盐津县'),
  ('530624', '大关县'), ('530625', '永善县'), ('530626', '绥江县'), ('530627', '镇雄县'),
  ('530628', '彝良县'), ('530629', '威信县'),
  ('530302', '麒麟区'), ('530322', '陆良县'), ('530323', '师宗县'), ('530324', '罗平县'),
  ('530325', '富源县'), ('530326', '会泽县'), ('530381', '宣威市');
INSERT INTO area (area_code, name, in_force) VALUES
  ('530681', '水富市', '[2018-07-02,)'), ('530303', '沾益区', '[2016-03-20,)'),
  ('530304', '马龙区', '[2018-03-07,)');
INSERT INTO area (area_code, name, in_force, successor) VALUES
  ('530630', '水富县', '(,2018-07-02)', '530681'), ('530328', '沾益县', '(,2016-03-20)', '530303'),
  ('530321', '马龙县', '(,2018-03-07)', '530304');
GRANT SELECT ON area TO registry_api, registry_worker;

-- Every object is a set of versions with two times: `valid_time` says on which days it is true, `record_time`
-- since when and until when we believed so. A row is never changed except to end its record time; what holds
-- now is the one row with both open. Nothing may be true twice on the same day by the same knowledge (by the
-- id's 64-bit hash: five times faster to fill than the text, and two ids never meet in it).
CREATE TABLE operator (
  operator_id text NOT NULL CHECK (operator_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  area_code text NOT NULL,
  name text NOT NULL,
  credit_code text NOT NULL,
  valid_time daterange NOT NULL CHECK (NOT isempty(valid_time)),
  record_time tstzrange NOT NULL,
  revision int NOT NULL,
  recorded_by text NOT NULL,
  EXCLUDE USING gist (hashtextextended(operator_id, 0) WITH =, valid_time WITH &&, record_time WITH &&)
);

CREATE TABLE licence (
  licence_id text NOT NULL CHECK (licence_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  operator_id text NOT NULL,
  area_code text NOT NULL,
  number text NOT NULL,
  class text NOT NULL CHECK (class IN ('pipeline', 'bottled', 'vehicle', 'other')),
  area_codes text[] NOT NULL,
  issued_by text NOT NULL,
  issued_on date NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL CHECK (valid_to >= valid_from),
  -- `expired` is computed from `valid_to`, never stored.
  state text NOT NULL CHECK (state IN
    ('applied', 'valid', 'renewal_pending', 'suspended', 'withdrawn', 'annulled', 'revoked', 'deregistered')),
  renewal_filed_on date,
  state_reason text NOT NULL DEFAULT '',
  valid_time daterange NOT NULL CHECK (NOT isempty(valid_time)),
  record_time tstzrange NOT NULL,
  revision int NOT NULL,
  recorded_by text NOT NULL,
  EXCLUDE USING gist (hashtextextended(licence_id, 0) WITH =, valid_time WITH &&, record_time WITH &&)
);

CREATE TABLE site (
  site_id text NOT NULL CHECK (site_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  operator_id text NOT NULL,
  area_code text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  address text NOT NULL,
  longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  obliged boolean NOT NULL,
  auto_close boolean NOT NULL,
  gas text,
  altitude_m double precision,
  business_hours text NOT NULL DEFAULT '',
  contacts jsonb NOT NULL DEFAULT '[]',
  reserved boolean NOT NULL DEFAULT false,
  planning_approval text,
  planning_approved_on date,
  valid_time daterange NOT NULL CHECK (NOT isempty(valid_time)),
  record_time tstzrange NOT NULL,
  revision int NOT NULL,
  recorded_by text NOT NULL,
  EXCLUDE USING gist (hashtextextended(site_id, 0) WITH =, valid_time WITH &&, record_time WITH &&)
);

CREATE TABLE device (
  device_id text NOT NULL CHECK (device_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  zone text NOT NULL,
  kind text NOT NULL,
  gas text,
  lel_basis_volpct double precision CHECK (lel_basis_volpct > 0 AND lel_basis_volpct <= 100),
  controller_id text,
  model text NOT NULL,
  serial text NOT NULL,
  installed_on date NOT NULL,
  heartbeat_s int NOT NULL CHECK (heartbeat_s > 0),
  limits jsonb,
  -- False while rule D07 blocks it and after it retired.
  active boolean NOT NULL,
  revoked boolean NOT NULL DEFAULT false,
  retired_on date,
  maintenance jsonb,
  maintenance_until timestamptz,
  registered_at timestamptz NOT NULL,
  valid_time daterange NOT NULL CHECK (NOT isempty(valid_time)),
  record_time tstzrange NOT NULL,
  revision int NOT NULL,
  recorded_by text NOT NULL,
  CHECK ((maintenance IS NULL) = (maintenance_until IS NULL)),
  EXCLUDE USING gist (hashtextextended(device_id, 0) WITH =, valid_time WITH &&, record_time WITH &&)
);

CREATE UNIQUE INDEX operator_now ON operator (operator_id)
  WHERE upper_inf(valid_time) AND upper_inf(record_time);
CREATE UNIQUE INDEX licence_now ON licence (licence_id)
  WHERE upper_inf(valid_time) AND upper_inf(record_time);
CREATE UNIQUE INDEX site_now ON site (site_id) WHERE upper_inf(valid_time) AND upper_inf(record_time);
CREATE UNIQUE INDEX device_now ON device (device_id) WHERE upper_inf(valid_time) AND upper_inf(record_time);
CREATE INDEX operator_area ON operator (area_code text_pattern_ops);
CREATE INDEX licence_operator ON licence (operator_id);
CREATE INDEX licence_number ON licence (number);
CREATE INDEX site_operator ON site (operator_id);
CREATE INDEX site_area ON site (area_code text_pattern_ops);
CREATE INDEX device_site ON device (site_id);
CREATE INDEX device_controller ON device (controller_id) WHERE controller_id IS NOT NULL;
-- The timer that ends maintenance looks here.
CREATE INDEX device_maintenance ON device (maintenance_until)
  WHERE maintenance_until IS NOT NULL AND upper_inf(valid_time) AND upper_inf(record_time);

ALTER TABLE operator ENABLE ROW LEVEL SECURITY;
ALTER TABLE licence ENABLE ROW LEVEL SECURITY;
ALTER TABLE site ENABLE ROW LEVEL SECURITY;
ALTER TABLE device ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON operator TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON licence TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON site TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON device TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
-- Who regulates an area sees whoever works there, also a firm whose seat is elsewhere: else "out of area"
-- could never be found. The inner query stands under the policy of `site` itself.
CREATE POLICY works_here ON operator FOR SELECT TO registry_api
  USING (EXISTS (SELECT 1 FROM site WHERE site.operator_id = operator.operator_id));
CREATE POLICY works_here ON licence FOR SELECT TO registry_api
  USING (EXISTS (SELECT 1 FROM site WHERE site.operator_id = licence.operator_id));
CREATE POLICY worker ON operator TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON licence TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON site TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON device TO registry_worker USING (true) WITH CHECK (true);

-- History cannot be rewritten: nobody may delete, and only the end of the record time may be set.
GRANT SELECT, INSERT, UPDATE (record_time) ON operator, licence, site, device
  TO registry_api, registry_worker;

-- Whose a licence number is: the firm to which it was issued first. A borrowed certificate may be shown in a
-- county that does not see the firm it belongs to, so this alone looks past the policies, as its owner.
CREATE FUNCTION first_holder(wanted text, on_day date, known timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT operator_id FROM licence
  WHERE number = wanted AND valid_time @> on_day AND record_time @> known AND state <> 'applied'
  ORDER BY issued_on, (SELECT min(lower(first.record_time)) FROM licence first
                       WHERE first.licence_id = licence.licence_id), licence_id
  LIMIT 1
$$;
-- Which ids are taken, by whomever: an id stands for one thing in the whole product. It tells nothing more
-- than the conflict on creation does.
CREATE FUNCTION taken(what text, ids text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = registry, pg_temp AS $$
  SELECT operator_id FROM operator
    WHERE what = 'operator' AND operator_id = ANY(ids) AND upper_inf(valid_time) AND upper_inf(record_time)
  UNION ALL SELECT licence_id FROM licence
    WHERE what = 'licence' AND licence_id = ANY(ids) AND upper_inf(valid_time) AND upper_inf(record_time)
  UNION ALL SELECT site_id FROM site
    WHERE what = 'site' AND site_id = ANY(ids) AND upper_inf(valid_time) AND upper_inf(record_time)
  UNION ALL SELECT device_id FROM device
    WHERE what = 'device' AND device_id = ANY(ids) AND upper_inf(valid_time) AND upper_inf(record_time)
$$;
REVOKE ALL ON FUNCTION first_holder, taken FROM PUBLIC;
GRANT EXECUTE ON FUNCTION first_holder, taken TO registry_api, registry_worker;

-- Checks and tests of devices (rules D05, D06): facts that only grow.
CREATE TABLE device_test (
  device_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  kind text NOT NULL,
  done_on date NOT NULL,
  passed boolean NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX device_test_device ON device_test (device_id, done_on);
-- What the registry's rules found about a device (D07), until it ended.
CREATE TABLE finding (
  finding_id uuid PRIMARY KEY,
  rule text NOT NULL,
  device_id text NOT NULL,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  reason text NOT NULL,
  evidence text NOT NULL,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz
);
CREATE UNIQUE INDEX finding_open ON finding (rule, device_id) WHERE ended_at IS NULL;
-- Client certificates: never the key.
CREATE TABLE certificate (
  serial text PRIMARY KEY,
  device_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  fingerprint text NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  issued_by text NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  revoked_by text
);
CREATE INDEX certificate_device ON certificate (device_id);
CREATE INDEX certificate_revoked ON certificate (revoked_at) WHERE revoked_at IS NOT NULL;
-- Devices that were heard behind a known client but that nobody registered.
CREATE TABLE heard_unknown (
  client text NOT NULL,
  device_id text NOT NULL,
  site_id text NOT NULL,
  operator_id text NOT NULL,
  area_code text NOT NULL,
  first_heard_at timestamptz NOT NULL,
  last_heard_at timestamptz NOT NULL,
  messages bigint NOT NULL,
  PRIMARY KEY (client, device_id)
);

ALTER TABLE device_test ENABLE ROW LEVEL SECURITY;
ALTER TABLE finding ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE heard_unknown ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON device_test TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON finding TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON certificate TO registry_api
  USING (gw.visible(operator_id, area_code)) WITH CHECK (gw.visible(operator_id, area_code));
CREATE POLICY tenant ON heard_unknown FOR SELECT TO registry_api USING (gw.visible(operator_id, area_code));
CREATE POLICY worker ON device_test TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON finding TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON certificate TO registry_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON heard_unknown TO registry_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON device_test TO registry_api, registry_worker;
GRANT SELECT, INSERT, UPDATE (ended_at) ON finding TO registry_api, registry_worker;
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by) ON certificate TO registry_api, registry_worker;
GRANT SELECT ON heard_unknown TO registry_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON heard_unknown TO registry_worker;

-- migrate:down
DROP FUNCTION first_holder, taken;
DROP TABLE operator, licence, site, device, device_test, finding, certificate, heard_unknown, area;
