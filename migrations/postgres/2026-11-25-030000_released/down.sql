DROP INDEX offers_released;
ALTER TABLE offers DROP COLUMN released_at;
