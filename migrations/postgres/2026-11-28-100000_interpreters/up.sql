-- What clients are shown of interpreters, and requests are matched by.
CREATE TABLE interpreters (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES users (id),
    number TEXT COLLATE "C" UNIQUE, -- the organisation's own
    gender SMALLINT, -- 1 female, 2 male; null: not told
    employment SMALLINT NOT NULL, -- 1 staff, 2 freelance, 3 vendor
    certification INTEGER NOT NULL, -- level; 0 is none
    rate INTEGER NOT NULL, -- hundredths
    special_type INTEGER NOT NULL,
    takes_calls BOOLEAN NOT NULL,
    takes_video BOOLEAN NOT NULL,
    takes_text BOOLEAN NOT NULL
);
INSERT INTO interpreters (id, employment, certification, rate, special_type, takes_calls, takes_video, takes_text)
SELECT id, 1, 0, 0, 1, false, true, false FROM users WHERE role = 2;

CREATE TABLE interpreter_specialties (
    interpreter_id INTEGER NOT NULL REFERENCES interpreters (id),
    specialty INTEGER NOT NULL, -- 2 medical, 3 legal; all do general ones
    PRIMARY KEY (interpreter_id, specialty)
);

-- Each must be in force for its interpreter to serve.
CREATE TABLE credentials (
    interpreter_id INTEGER NOT NULL REFERENCES interpreters (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    language_id INTEGER REFERENCES languages (id), -- null: for all
    effective_at BIGINT NOT NULL,
    expires_at BIGINT, -- null: never
    PRIMARY KEY (interpreter_id, position)
);
