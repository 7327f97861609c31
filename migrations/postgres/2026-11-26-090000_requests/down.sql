-- The interpreters who accepted a second interpreter's request, and its offers, have no place in the tables before.
DROP INDEX conferences_live_client;
ALTER TABLE conferences ADD COLUMN provider_id INTEGER REFERENCES users (id);
ALTER TABLE conferences ADD COLUMN language_id INTEGER REFERENCES languages (id);
ALTER TABLE conferences ADD COLUMN stage SMALLINT NOT NULL DEFAULT 1; -- 1 searching, 2 accepted, 3 in call, 4 ended
ALTER TABLE conferences ADD COLUMN stage_deadline BIGINT;
ALTER TABLE conferences ADD COLUMN outcome SMALLINT; -- 1 serviced, 2 cancelled, 3 no interpreter
UPDATE conferences SET provider_id = r.provider_id, language_id = r.language_id, outcome = r.outcome,
    stage = CASE r.stage WHEN 1 THEN 1 WHEN 3 THEN 4 ELSE CASE WHEN start_by IS NULL THEN 3 ELSE 2 END END,
    stage_deadline = CASE r.stage WHEN 1 THEN r.deadline ELSE start_by END
FROM requests AS r WHERE r.conference_id = conferences.id AND r.id = conferences.id;
ALTER TABLE conferences DROP COLUMN start_by;
CREATE UNIQUE INDEX conferences_live_client ON conferences (client_id) WHERE outcome IS NULL;
CREATE UNIQUE INDEX conferences_live_provider ON conferences (provider_id) WHERE outcome IS NULL AND provider_id IS NOT NULL;
CREATE INDEX conferences_provider ON conferences (provider_id, ended_at, id);

DELETE FROM offers WHERE request_id <> conference_id;
ALTER TABLE offers DROP CONSTRAINT offers_conference_id_request_id_fkey;
ALTER TABLE offers DROP CONSTRAINT offers_pkey;
ALTER TABLE offers ADD PRIMARY KEY (conference_id, provider_id);
ALTER TABLE offers ADD FOREIGN KEY (conference_id) REFERENCES conferences (id);
ALTER TABLE offers DROP COLUMN request_id;
ALTER TABLE conferences ALTER COLUMN language_id SET NOT NULL;

ALTER TABLE participants ADD COLUMN language_id INTEGER;
UPDATE participants SET language_id = (
    SELECT r.language_id FROM requests AS r
    WHERE r.conference_id = participants.conference_id AND r.id = participants.request_id
) WHERE kind = 4;
ALTER TABLE participants DROP COLUMN request_id;
ALTER TABLE events DROP COLUMN request_id;
DROP TABLE requests;
