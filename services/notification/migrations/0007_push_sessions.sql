-- migrate:up
-- The session in which a browser asked to be rung: when its owner ends that one, it is rung no more.
ALTER TABLE push_subscription ADD COLUMN session_id text NOT NULL DEFAULT '';

-- migrate:down
ALTER TABLE push_subscription DROP COLUMN session_id;
