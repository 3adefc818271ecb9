-- migrate:up
-- A screen on the wall reads under a session of its own: named, long, revocable by whoever hung it up.
ALTER TABLE session ADD COLUMN screen text;

-- migrate:down
ALTER TABLE session DROP COLUMN screen;
