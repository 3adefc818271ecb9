-- migrate:up
CREATE TABLE account (
  username text PRIMARY KEY CHECK (username ~ '^[A-Za-z0-9_.-]{1,64}$'),
  name text NOT NULL,
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN (
    'watch', 'watch_supervisor', 'operator_admin', 'regulator_viewer', 'regulator_officer',
    'regulator_approver', 'inspector', 'government_approver', 'crew_member', 'crew_lead',
    'dispatcher', 'administrator')),
  operator_id text,
  area_code text,
  crew_id text,
  totp_secret text,
  totp_last_step bigint NOT NULL DEFAULT 0,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Every person sees one operator, one area, or (administrator) everything.
  CHECK (role = 'administrator' OR (operator_id IS NULL) <> (area_code IS NULL))
);

CREATE TABLE session (
  token_digest bytea PRIMARY KEY,
  session_id uuid NOT NULL,
  username text NOT NULL REFERENCES account,
  second_factor boolean NOT NULL,
  address text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX session_of ON session (username) WHERE ended_at IS NULL;
CREATE INDEX session_id ON session (session_id);

CREATE TABLE failed_sign_in (
  username text NOT NULL,
  address text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failed_sign_in_of ON failed_sign_in (username, address, at);

-- The portal decides who is who before there is a principal, so its own tables are reached by its
-- roles only; people are shown through the API, which asks the role table.
GRANT SELECT, INSERT, UPDATE ON account, session TO portal_api, portal_worker;
GRANT SELECT, INSERT, DELETE ON failed_sign_in TO portal_api, portal_worker;
GRANT DELETE ON session TO portal_worker;

-- migrate:down
DROP TABLE failed_sign_in;
DROP TABLE session;
DROP TABLE account;
