DROP INDEX conferences_not_blanked;
ALTER TABLE conferences DROP COLUMN blanked;
