ALTER TABLE tokens DROP COLUMN language_id;
DROP INDEX requests_accepted;
ALTER TABLE requests DROP COLUMN accepted_at;
