ALTER TABLE users ADD COLUMN status SMALLINT NOT NULL DEFAULT 1; -- 1 active, 2 disabled, 3 removed

-- Finds the logins of a user.
CREATE INDEX tokens_user_id ON tokens (user_id);

-- The user who invited a third party; null for the client and the provider of a call.
ALTER TABLE participants ADD COLUMN inviter_id INTEGER;
UPDATE participants SET inviter_id = (
    SELECT e.actor_id FROM events AS e
    WHERE e.conference_id = participants.conference_id AND e.kind = 6 AND e.participant_id = participants.id
) WHERE user_id IS NULL;

-- Deliveries of the last hour, to count them by recipient. The address is kept as a SHA-256 hash only.
CREATE TABLE recent_deliveries (
    participant_id INTEGER PRIMARY KEY NOT NULL,
    recipient BYTEA NOT NULL,
    queued_at BIGINT NOT NULL
);
CREATE INDEX recent_deliveries_recipient ON recent_deliveries (recipient, queued_at);
CREATE INDEX recent_deliveries_queued_at ON recent_deliveries (queued_at);
