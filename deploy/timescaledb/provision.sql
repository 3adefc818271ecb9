-- What every schema shares: who may see a row. Run once per database by its superuser.
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA IF NOT EXISTS gw;
GRANT USAGE ON SCHEMA gw TO PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The transaction's settings come from the signed principal (shared/chassis/database.py).
-- Without them nothing is visible.
CREATE OR REPLACE FUNCTION gw.visible(operator_id text, area_code text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE current_setting('gw.scope', true)
    WHEN 'all' THEN true
    WHEN 'operator' THEN $1 = current_setting('gw.operator_id', true)
    WHEN 'area' THEN current_setting('gw.area_prefix', true) <> ''
                 AND starts_with($2, current_setting('gw.area_prefix', true))
    ELSE false
  END
$$;
