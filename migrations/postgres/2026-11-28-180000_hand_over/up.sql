-- What a second interpreter is wanted for; none for the main request. Until now, always another language (1).
ALTER TABLE requests ADD COLUMN purpose SMALLINT;
UPDATE requests SET purpose = 1 WHERE id <> conference_id;
ALTER TABLE events ADD COLUMN purpose SMALLINT;
UPDATE events SET purpose = 1 WHERE kind = 6 AND request_id IS NOT NULL;

-- While the interpreter is out of a call that goes on: when another one is asked for.
ALTER TABLE conferences ADD COLUMN place_until BIGINT;

-- Of two interpreters who take turns, the second one while it works.
ALTER TABLE conferences ADD COLUMN working_id INTEGER;
