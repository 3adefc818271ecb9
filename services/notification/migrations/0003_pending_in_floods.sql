-- migrate:up

-- Whether a delivery may wait when a flood is noted before it was sent; it then goes into the gathered one.
ALTER TABLE delivery ADD COLUMN may_wait boolean NOT NULL DEFAULT false;
GRANT DELETE ON delivery TO notification_worker;

-- migrate:down
REVOKE DELETE ON delivery FROM notification_worker;
ALTER TABLE delivery DROP COLUMN may_wait;
