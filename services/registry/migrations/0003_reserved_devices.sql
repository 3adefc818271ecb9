-- migrate:up

-- A device is reserved (a canary) when its site is: who keeps what devices say need not know the sites.
ALTER TABLE device ADD COLUMN reserved boolean NOT NULL DEFAULT false;
UPDATE device d SET reserved = true FROM site s
  WHERE s.site_id = d.site_id AND s.reserved AND upper_inf(s.valid_time) AND upper_inf(s.record_time);

-- migrate:down
ALTER TABLE device DROP COLUMN reserved;
