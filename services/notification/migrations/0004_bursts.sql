-- migrate:up

-- How much a person was told one by one of late: a burst is gathered before S01 says that there is one.
CREATE INDEX delivery_burst ON delivery (recipient, channel, created_at) WHERE may_wait;

-- migrate:down
DROP INDEX delivery_burst;
