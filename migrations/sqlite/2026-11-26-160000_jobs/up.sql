-- Work to be done outside a transaction; a row goes when it is done. It holds no personal data and no secret.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY NOT NULL,
    kind INTEGER NOT NULL, -- 1 engine, 2 e-mail, 3 text message
    ordering_key INTEGER, -- the jobs of a kind with the same key follow each other; null: it waits for no other
    conference_id INTEGER REFERENCES conferences (id),
    version INTEGER NOT NULL, -- of the payload's form
    payload TEXT NOT NULL, -- JSON
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER, -- null: the payload cannot be read, so it is not tried
    lease_node INTEGER,
    lease_until INTEGER
) STRICT;
CREATE INDEX jobs_order ON jobs (kind, ordering_key, id);

INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at)
SELECT 1, conference_id, conference_id, 1, coalesce(CASE effect
    WHEN 1 THEN '"open_room"'
    WHEN 2 THEN '{"admit":' || participant_id || '}'
    WHEN 3 THEN '{"remove":' || participant_id || '}'
    WHEN 4 THEN '"close_room"' END, 'null'), attempts, created_at, due_at
FROM outbox ORDER BY id;
INSERT INTO jobs (kind, conference_id, version, payload, attempts, created_at, due_at)
SELECT channel + 1, conference_id, 1,
    '{"participant":' || participant_id || ',"inviter":' || inviter_id || ',"invited_at":' || invited_at || '}',
    attempts, invited_at, due_at
FROM deliveries ORDER BY invited_at, participant_id;
DROP TABLE outbox;
DROP TABLE deliveries;
