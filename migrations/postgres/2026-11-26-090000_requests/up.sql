-- A conference holds its requests: the main one, which has the conference's number, and one for each second interpreter.
CREATE TABLE requests (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    id INTEGER NOT NULL,
    language_id INTEGER NOT NULL REFERENCES languages (id),
    provider_id INTEGER REFERENCES users (id), -- the interpreter who accepted
    stage SMALLINT NOT NULL, -- 1 searching, 2 accepted, 3 ended
    deadline BIGINT, -- of the search
    outcome SMALLINT, -- 1 serviced, 2 cancelled, 3 no interpreter
    ended_at BIGINT,
    PRIMARY KEY (conference_id, id)
);
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
ALTER TABLE offers ADD COLUMN request_id INTEGER;
UPDATE offers SET request_id = conference_id;
ALTER TABLE offers ALTER COLUMN request_id SET NOT NULL;
ALTER TABLE offers DROP CONSTRAINT offers_pkey;
ALTER TABLE offers ADD PRIMARY KEY (conference_id, request_id, provider_id);
ALTER TABLE offers DROP CONSTRAINT offers_conference_id_fkey;
ALTER TABLE offers ADD FOREIGN KEY (conference_id, request_id) REFERENCES requests (conference_id, id);

-- What is left of a conference's stage: until when a call must be started, while an interpreter has accepted and none is on.
ALTER TABLE conferences ADD COLUMN start_by BIGINT;
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
