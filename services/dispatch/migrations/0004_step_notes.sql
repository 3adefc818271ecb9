-- migrate:up
-- What somebody says about a step, and which step, by its phone's time, a later one sets right.
ALTER TABLE order_step ADD COLUMN note text, ADD COLUMN corrects_ms bigint;

-- migrate:down
ALTER TABLE order_step DROP COLUMN note, DROP COLUMN corrects_ms;
