-- Times are microseconds since 1970 (INTEGER). Secrets (tokens, invitations, account secrets) are SHA-256 hashes.

CREATE TABLE languages (
    id INTEGER PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE, -- ISO 639-1
    name TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY NOT NULL,
    role INTEGER NOT NULL, -- 1 client, 2 provider
    email TEXT NOT NULL, -- lower case
    password_hash TEXT NOT NULL, -- argon2id, PHC string
    name TEXT NOT NULL,
    online INTEGER NOT NULL,
    performance INTEGER NOT NULL, -- hundredths
    last_seen INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (role, email)
) STRICT;

CREATE TABLE tokens (
    hash BLOB PRIMARY KEY NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_expires_at ON tokens (expires_at);

CREATE TABLE provider_languages (
    provider_id INTEGER NOT NULL REFERENCES users (id),
    language_id INTEGER NOT NULL REFERENCES languages (id),
    native INTEGER NOT NULL,
    PRIMARY KEY (provider_id, language_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_languages_language ON provider_languages (language_id);

-- A request and the conference that serves it: one aggregate, one row. last_seq is its optimistic version.
CREATE TABLE conferences (
    id INTEGER PRIMARY KEY NOT NULL,
    client_id INTEGER NOT NULL REFERENCES users (id),
    provider_id INTEGER REFERENCES users (id),
    language_id INTEGER NOT NULL REFERENCES languages (id),
    stage INTEGER NOT NULL, -- 1 searching, 2 accepted, 3 in call, 4 ended
    stage_deadline INTEGER,
    outcome INTEGER, -- 1 serviced, 2 cancelled, 3 no interpreter
    ended_at INTEGER,
    serviced INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    next_deadline INTEGER,
    requested_at INTEGER NOT NULL,
    situation_code INTEGER NOT NULL,
    additional_info TEXT,
    location TEXT,
    from_language_id INTEGER
) STRICT;
CREATE UNIQUE INDEX conferences_live_client ON conferences (client_id) WHERE outcome IS NULL;
CREATE UNIQUE INDEX conferences_live_provider ON conferences (provider_id) WHERE outcome IS NULL AND provider_id IS NOT NULL;
CREATE INDEX conferences_client ON conferences (client_id, ended_at, id);
CREATE INDEX conferences_provider ON conferences (provider_id, ended_at, id);
CREATE INDEX conferences_next_deadline ON conferences (next_deadline) WHERE next_deadline IS NOT NULL;

CREATE TABLE offers (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    provider_id INTEGER NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    state INTEGER NOT NULL, -- 1 open, 2 declined, 3 accepted, 4 withdrawn
    offered_at INTEGER NOT NULL,
    PRIMARY KEY (conference_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX offers_open ON offers (provider_id) WHERE state = 1;

-- A participant with the account and the invitation it holds: both are dead once it is finished.
CREATE TABLE participants (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    id INTEGER NOT NULL,
    position INTEGER NOT NULL, -- ids of several nodes do not follow time
    kind INTEGER NOT NULL, -- 1 client, 2 provider, 3 guest, 4 second interpreter
    user_id INTEGER REFERENCES users (id),
    language_id INTEGER,
    state INTEGER NOT NULL, -- 1 informed, 2 confirmed, 3 routed, 4 connected, 5 disconnected, 6 finished
    deadline INTEGER,
    account_expires INTEGER,
    account_secret BLOB,
    reason INTEGER,
    finished_at INTEGER,
    removal INTEGER, -- 1 not needed, 2 pending, 3 removed, 4 verified
    invitation BLOB,
    name TEXT,
    email TEXT,
    phone TEXT,
    PRIMARY KEY (conference_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX participants_invitation ON participants (invitation) WHERE invitation IS NOT NULL;

-- The append-only truth. Columns that an event does not use are null.
CREATE TABLE events (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    actor_role INTEGER, -- 1 client, 2 provider, 3 guest, 4 second interpreter, 5 system; null: an observation
    actor_id INTEGER,
    participant_id INTEGER,
    other_id INTEGER,
    user_id INTEGER,
    code INTEGER,
    deadline INTEGER,
    PRIMARY KEY (conference_id, seq)
) STRICT, WITHOUT ROWID;

-- Work for the engine; a row goes when it is done.
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

CREATE TABLE idempotency_keys (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

-- The legs that a client reported when it finished the call.
CREATE TABLE call_legs (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    position INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    call_time TEXT NOT NULL, -- decimal
    successful INTEGER NOT NULL,
    additional_info TEXT,
    third_party_call_id TEXT,
    PRIMARY KEY (conference_id, position)
) STRICT, WITHOUT ROWID;

-- The next free id of each kind; nodes take them in blocks.
CREATE TABLE id_blocks (
    name TEXT PRIMARY KEY NOT NULL,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO id_blocks (name, next) VALUES ('user', 1);
INSERT INTO id_blocks (name, next) VALUES ('conference', 1);
INSERT INTO id_blocks (name, next) VALUES ('participant', 1);

INSERT INTO languages (id, code, name) VALUES
    (1, 'en', 'English'), (2, 'ar', 'Arabic'), (3, 'bn', 'Bengali'), (4, 'bs', 'Bosnian'), (5, 'my', 'Burmese'),
    (6, 'yue', 'Cantonese'), (7, 'hr', 'Croatian'), (8, 'cs', 'Czech'), (9, 'fa', 'Farsi'), (10, 'fr', 'French'),
    (11, 'de', 'German'), (12, 'el', 'Greek'), (13, 'gu', 'Gujarati'), (14, 'ht', 'Haitian Creole'), (15, 'he', 'Hebrew'),
    (16, 'hi', 'Hindi'), (17, 'hmn', 'Hmong'), (18, 'hu', 'Hungarian'), (19, 'it', 'Italian'), (20, 'ja', 'Japanese'),
    (21, 'km', 'Khmer'), (22, 'ko', 'Korean'), (23, 'ku', 'Kurdish'), (24, 'lo', 'Lao'), (25, 'zh', 'Mandarin'),
    (26, 'ne', 'Nepali'), (27, 'ps', 'Pashto'), (28, 'pl', 'Polish'), (29, 'pt', 'Portuguese'), (30, 'pa', 'Punjabi'),
    (31, 'ro', 'Romanian'), (32, 'ru', 'Russian'), (33, 'sr', 'Serbian'), (34, 'so', 'Somali'), (35, 'sw', 'Swahili'),
    (36, 'tl', 'Tagalog'), (37, 'ta', 'Tamil'), (38, 'th', 'Thai'), (39, 'ti', 'Tigrinya'), (40, 'tr', 'Turkish'),
    (41, 'uk', 'Ukrainian'), (42, 'ur', 'Urdu'), (43, 'vi', 'Vietnamese'), (44, 'es', 'Spanish'), (45, 'ase', 'American Sign Language');
