-- migrate:up
-- The contact of a person's browsers bears the scope in its id: who moves to another operator has another one.
UPDATE contact SET contact_id = 'push-'
  || left(encode(sha256(convert_to(coalesce(operator_id, area_code) || '/' || person, 'UTF8')), 'hex'), 32)
  WHERE contact_id = left('push-' || person, 64);
-- What another scope still has of who asks is not seen from here, and ends nevertheless.
CREATE FUNCTION forget_other_contacts(kept text) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = notification AS $$
    DELETE FROM contact WHERE starts_with(contact_id, 'push-') AND contact_id <> kept
      AND person = current_setting('gw.subject')
  $$;
CREATE FUNCTION forget_person(who text) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = notification AS $$
    DELETE FROM push_subscription WHERE person = who;
    DELETE FROM contact WHERE starts_with(contact_id, 'push-') AND person = who
  $$;

-- migrate:down
DROP FUNCTION forget_person;
DROP FUNCTION forget_other_contacts;
UPDATE contact SET contact_id = left('push-' || person, 64) WHERE starts_with(contact_id, 'push-');
