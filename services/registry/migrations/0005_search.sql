-- migrate:up

-- What a person's words are looked for in (domain/search.py): filled with each version that is written; the
-- service fills what was written before it knew of this. No trigram index: row-level security is judged
-- before an operator that is not leakproof, as LIKE is, so the planner may not use one. What is visible is
-- read in the order of its ids, 10,000 objects within some 20 ms.
ALTER TABLE operator ADD COLUMN search_text text, ADD COLUMN search_pinyin text;
ALTER TABLE licence ADD COLUMN search_text text, ADD COLUMN search_pinyin text;
ALTER TABLE site ADD COLUMN search_text text, ADD COLUMN search_pinyin text;
ALTER TABLE device ADD COLUMN search_text text, ADD COLUMN search_pinyin text;
GRANT UPDATE (search_text, search_pinyin) ON operator, licence, site, device TO registry_worker;
-- Who asks for what expires within some weeks gets it in the order of its end.
CREATE INDEX licence_end ON licence (valid_to, licence_id) WHERE upper_inf(valid_time) AND upper_inf(record_time);

-- migrate:down
DROP INDEX licence_end;
ALTER TABLE operator DROP COLUMN search_text, DROP COLUMN search_pinyin;
ALTER TABLE licence DROP COLUMN search_text, DROP COLUMN search_pinyin;
ALTER TABLE site DROP COLUMN search_text, DROP COLUMN search_pinyin;
ALTER TABLE device DROP COLUMN search_text, DROP COLUMN search_pinyin;
