ALTER TABLE participants DROP COLUMN note;
