-- migrate:up
-- One text an entry, whose hash covers the entry before; the columns after it are derived from the text,
-- so that nobody can change what is found without changing what is hashed.
CREATE TABLE audit (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  hash bytea NOT NULL UNIQUE,
  text text NOT NULL,
  at_ms bigint NOT NULL GENERATED ALWAYS AS ((text::jsonb ->> 'at_ms')::bigint) STORED,
  kind text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 'kind') STORED,
  actor text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 'actor') STORED,
  action text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 'action') STORED,
  object text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 'object') STORED,
  operator_id text GENERATED ALWAYS AS (text::jsonb ->> 'operator_id') STORED,
  area_code text GENERATED ALWAYS AS (text::jsonb ->> 'area_code') STORED
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_object ON audit (object, seq);
CREATE INDEX audit_operator ON audit (operator_id, seq);
-- An automatic close is told at least once and stands here once.
CREATE UNIQUE INDEX audit_automatic ON audit (object) WHERE kind = 'automatic';

CREATE TABLE audit_head (
  seq bigint PRIMARY KEY,
  signed text NOT NULL
);

CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit chain is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();

-- Who writes may add and nothing else; who reads sees what is his: acts of his operator's people and on
-- its objects, or of his area.
GRANT SELECT, INSERT ON audit, audit_head TO portal_api, portal_worker;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_added ON audit FOR INSERT TO portal_api, portal_worker WITH CHECK (true);
CREATE POLICY audit_shown ON audit FOR SELECT TO portal_api USING (gw.visible(operator_id, area_code));
CREATE POLICY audit_all ON audit FOR SELECT TO portal_worker USING (true);

-- migrate:down
DROP TABLE audit_head;
DROP TABLE audit;
DROP FUNCTION audit_is_kept;
