-- migrate:up

-- Days whose hours were written again device by device (see the service's README).
CREATE TABLE tidied (
  day timestamptz PRIMARY KEY
);
GRANT SELECT, INSERT ON tidied TO history_worker;

-- migrate:down
DROP TABLE tidied;
