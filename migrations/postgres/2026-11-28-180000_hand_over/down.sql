ALTER TABLE conferences DROP COLUMN working_id;
ALTER TABLE conferences DROP COLUMN place_until;
ALTER TABLE events DROP COLUMN purpose;
ALTER TABLE requests DROP COLUMN purpose;
