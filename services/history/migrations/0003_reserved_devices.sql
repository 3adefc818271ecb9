-- migrate:up

-- Canaries: what they say is removed after a day, `latest` excepted.
ALTER TABLE device ADD COLUMN reserved boolean NOT NULL DEFAULT false;
CREATE INDEX device_reserved ON device (device_key) WHERE reserved;

-- migrate:down
ALTER TABLE device DROP COLUMN reserved;
