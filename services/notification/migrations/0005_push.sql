-- migrate:up
-- Where a person's browser is rung by Web Push (RFC 8030); a contact's address of the channel `push` names one.
CREATE TABLE push_subscription (
  subscription_id uuid PRIMARY KEY,
  endpoint text NOT NULL UNIQUE,
  p256dh text NOT NULL,
  auth text NOT NULL,
  person text NOT NULL,
  operator_id text,
  area_code text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX push_subscription_of ON push_subscription (person);
ALTER TABLE push_subscription ENABLE ROW LEVEL SECURITY;
CREATE POLICY push_own ON push_subscription TO notification_api
  USING (person = current_setting('gw.subject', true)) WITH CHECK (person = current_setting('gw.subject', true));
CREATE POLICY push_worker ON push_subscription TO notification_worker USING (true);
-- A browser belongs to who signed in there last: somebody else's row of it goes, although it is not seen.
CREATE FUNCTION forget_browser(browser text) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = notification AS $$ DELETE FROM push_subscription WHERE endpoint = browser $$;
GRANT SELECT, INSERT, DELETE ON push_subscription TO notification_api;
GRANT SELECT, DELETE ON push_subscription TO notification_worker;
GRANT DELETE ON contact TO notification_api;

-- migrate:down
DROP FUNCTION forget_browser;
DROP TABLE push_subscription;
