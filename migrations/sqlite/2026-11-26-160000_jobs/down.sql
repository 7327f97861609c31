CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    effect INTEGER NOT NULL, -- 1 open room, 2 admit, 3 remove, 4 close room
    participant_id INTEGER,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease_token INTEGER,
    lease_expires INTEGER
) STRICT;
CREATE INDEX outbox_conference ON outbox (conference_id, id);
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

-- A job whose payload cannot be read has no place in the tables before.
DELETE FROM jobs WHERE due_at IS NULL OR version <> 1;
INSERT INTO outbox (conference_id, effect, participant_id, created_at, due_at, attempts)
SELECT conference_id, CASE
    WHEN payload = '"open_room"' THEN 1
    WHEN json_extract(payload, '$.admit') IS NOT NULL THEN 2
    WHEN json_extract(payload, '$.remove') IS NOT NULL THEN 3
    WHEN payload = '"close_room"' THEN 4 END,
    coalesce(json_extract(payload, '$.admit'), json_extract(payload, '$.remove')), created_at, due_at, attempts
FROM jobs WHERE kind = 1 ORDER BY id;
INSERT INTO deliveries (participant_id, conference_id, inviter_id, channel, invited_at, due_at, attempts)
SELECT json_extract(payload, '$.participant'), conference_id, json_extract(payload, '$.inviter'), kind - 1, json_extract(payload, '$.invited_at'), due_at, attempts
FROM jobs WHERE kind IN (2, 3) ORDER BY id;
DROP TABLE jobs;
