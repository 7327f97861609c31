-- Invitations to be brought to those who are invited; a row goes when that is done, or has no sense any more. It holds
-- neither the address, which the participant's row has, nor the secret, which no row has.
CREATE TABLE deliveries (
    participant_id INTEGER PRIMARY KEY NOT NULL,
    conference_id INTEGER NOT NULL,
    inviter_id INTEGER NOT NULL REFERENCES users (id),
    channel INTEGER NOT NULL, -- 1 e-mail, 2 text message
    invited_at INTEGER NOT NULL, -- the secret is derived from it
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease_token INTEGER,
    lease_expires INTEGER,
    FOREIGN KEY (conference_id, participant_id) REFERENCES participants (conference_id, id)
) STRICT;
