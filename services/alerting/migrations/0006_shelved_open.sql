-- migrate:up
-- What closed while it was shelved is looked for no more: the end of its shelving ends nothing.
DROP INDEX alert_shelved;
CREATE INDEX alert_shelved ON alert (shelved_until_ms) WHERE shelved_until_ms IS NOT NULL AND is_open;

-- migrate:down
DROP INDEX alert_shelved;
CREATE INDEX alert_shelved ON alert (shelved_until_ms) WHERE shelved_until_ms IS NOT NULL;
