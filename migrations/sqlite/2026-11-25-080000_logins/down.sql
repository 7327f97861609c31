DROP TABLE recent_deliveries;
ALTER TABLE participants DROP COLUMN inviter_id;
DROP INDEX tokens_user_id;
ALTER TABLE users DROP COLUMN status;
