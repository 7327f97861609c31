-- A conference holds its requests: the main one, which has the conference's number, and one for each second interpreter.
CREATE TABLE requests (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    id INTEGER NOT NULL,
    language_id INTEGER NOT NULL REFERENCES languages (id),
    provider_id INTEGER REFERENCES users (id), -- the interpreter who accepted
    stage INTEGER NOT NULL, -- 1 searching, 2 accepted, 3 ended
    deadline INTEGER, -- of the search
    outcome INTEGER, -- 1 serviced, 2 cancelled, 3 no interpreter
    ended_at INTEGER,
    PRIMARY KEY (conference_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO requests (conference_id, id, language_id, provider_id, stage, deadline, outcome, ended_at)
SELECT id, id, language_id, provider_id, CASE stage WHEN 1 THEN 1 WHEN 4 THEN 3 ELSE 2 END,
    CASE stage WHEN 1 THEN stage_deadline END, outcome, ended_at
FROM conferences;

-- A second interpreter was a participant with a language. Its request gets a number of its own.
ALTER TABLE participants ADD COLUMN request_id INTEGER;
UPDATE participants SET request_id = (SELECT next FROM id_blocks WHERE name = 'conference') + (
    SELECT count(*) FROM participants AS earlier
    WHERE earlier.kind = 4 AND (earlier.conference_id < participants.conference_id
        OR (earlier.conference_id = participants.conference_id AND earlier.position < participants.position))
) WHERE kind = 4;
UPDATE id_blocks SET next = next + (SELECT count(*) FROM participants WHERE kind = 4) WHERE name = 'conference';
INSERT INTO requests (conference_id, id, language_id, stage, deadline, outcome, ended_at)
SELECT p.conference_id, p.request_id, p.language_id, CASE p.state WHEN 6 THEN 3 ELSE 1 END,
    CASE p.state WHEN 6 THEN NULL ELSE e.deadline END,
    CASE WHEN p.state <> 6 THEN NULL WHEN p.removal <> 1 THEN 1 WHEN p.reason = 4 THEN 3 ELSE 2 END, p.finished_at
FROM participants AS p
JOIN events AS e ON e.conference_id = p.conference_id AND e.kind = 6 AND e.participant_id = p.id
WHERE p.kind = 4;
ALTER TABLE participants DROP COLUMN language_id;

CREATE UNIQUE INDEX requests_id ON requests (id);
CREATE UNIQUE INDEX requests_live_provider ON requests (provider_id) WHERE outcome IS NULL AND provider_id IS NOT NULL;
CREATE INDEX requests_provider ON requests (provider_id, ended_at, conference_id);

-- The request that an event is about; null for the main one.
ALTER TABLE events ADD COLUMN request_id INTEGER;
UPDATE events SET request_id = (
    SELECT p.request_id FROM participants AS p
    WHERE p.conference_id = events.conference_id AND p.id = events.participant_id
) WHERE kind = 6 AND code IS NOT NULL;

-- An offer belongs to a request.
CREATE TABLE new_offers (
    conference_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL, -- -1: of an earlier search
    -- 1 open, 2 declined, 3 accepted, 4 withdrawn; released: 5 refused, 6 missed, 7 left, 8 replaced
    state INTEGER NOT NULL,
    offered_at INTEGER NOT NULL,
    released_at INTEGER,
    request_id INTEGER NOT NULL,
    PRIMARY KEY (conference_id, request_id, provider_id),
    FOREIGN KEY (conference_id, request_id) REFERENCES requests (conference_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_offers (conference_id, provider_id, position, state, offered_at, released_at, request_id)
SELECT conference_id, provider_id, position, state, offered_at, released_at, conference_id FROM offers;
DROP TABLE offers;
ALTER TABLE new_offers RENAME TO offers;
CREATE INDEX offers_open ON offers (provider_id) WHERE state = 1;
CREATE INDEX offers_released ON offers (provider_id, released_at) WHERE released_at IS NOT NULL;

-- What is left of a conference's stage: until when a call must be started, while an interpreter has accepted and none is on.
ALTER TABLE conferences ADD COLUMN start_by INTEGER;
UPDATE conferences SET start_by = stage_deadline WHERE stage = 2;
DROP INDEX conferences_live_client;
DROP INDEX conferences_live_provider;
DROP INDEX conferences_provider;
ALTER TABLE conferences DROP COLUMN provider_id;
ALTER TABLE conferences DROP COLUMN language_id;
ALTER TABLE conferences DROP COLUMN stage;
ALTER TABLE conferences DROP COLUMN stage_deadline;
ALTER TABLE conferences DROP COLUMN outcome;
CREATE UNIQUE INDEX conferences_live_client ON conferences (client_id) WHERE ended_at IS NULL;
