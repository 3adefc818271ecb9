-- migrate:up

-- Operators whose people are flooded (rule S01): what is not urgent reaches them gathered.
CREATE TABLE flood (
  operator_id text PRIMARY KEY,
  alert_id text NOT NULL
);
-- The titles that a delivery gathers; null for one that tells of one thing.
ALTER TABLE delivery ADD COLUMN gathered text[];
GRANT SELECT, INSERT, UPDATE, DELETE ON flood TO notification_worker;

-- migrate:down
DROP TABLE flood;
ALTER TABLE delivery DROP COLUMN gathered;
