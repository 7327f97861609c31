-- As in seed-postgres.sql. The tokens are inserted by the program: SQLite has no SHA-256.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
BEGIN;
CREATE TEMP TABLE guests AS WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {guests}) SELECT i FROM s;
CREATE TEMP TABLE past AS WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {past}) SELECT i FROM s;
CREATE TEMP TABLE pairs AS WITH RECURSIVE s(i) AS (SELECT 1 WHERE {pairs} > 0 UNION ALL SELECT i + 1 FROM s WHERE i < {pairs}) SELECT i FROM s;
CREATE TEMP TABLE kinds AS WITH RECURSIVE s(kind) AS (SELECT 1 UNION ALL SELECT kind + 1 FROM s WHERE kind < 3) SELECT kind FROM s;
CREATE TEMP TABLE seqs AS WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < 6) SELECT seq FROM s;

INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT i, 1, 'client' || i || '@bench.example', '-', 'Client ' || i, 1, 0, {now} + 3600000000, {now} FROM guests;
INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT {guests} + i, 2, 'provider' || i || '@bench.example', '-', 'Provider ' || i, 1, 0, {now} + 3600000000, {now} FROM guests;
INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT 2 * {guests} + 2 * i - 2 + kind, kind, 'pair' || i || '@bench.example', '-', 'Pair ' || i, 1, 0, {now} + 3600000000, {now}
FROM pairs, kinds WHERE kind < 3;
INSERT INTO interpreters (id, employment, certification, rate, special_type, takes_calls, takes_video, takes_text)
SELECT id, 1, 0, 0, 1, 0, 1, 0 FROM users WHERE role = 2;
INSERT INTO languages (id, code, name) SELECT 100000 + i, 'x' || i, 'Language ' || i FROM pairs;
INSERT INTO provider_languages (provider_id, language_id, native) SELECT 2 * {guests} + 2 * i, 100000 + i, 1 FROM pairs;

INSERT INTO conferences (id, client_id, serviced, last_seq, next_deadline, requested_at, situation_code, additional_info)
SELECT i, i, 1, 6, {now} + 43200000000 + i, {now} - 600000000, 0, 'Ward 7' FROM guests;
INSERT INTO requests (conference_id, id, language_id, provider_id, stage) SELECT i, i, 44, {guests} + i, 2 FROM guests;
INSERT INTO conferences (id, client_id, ended_at, serviced, last_seq, requested_at, situation_code, additional_info)
SELECT {guests} + i, (i - 1) % {guests} + 1, {now} - 86400000000 + i, 1, 6, {now} - 90000000000, 0, 'Ward 7' FROM past;
INSERT INTO requests (conference_id, id, language_id, provider_id, stage, outcome, ended_at)
SELECT {guests} + i, {guests} + i, 44, {guests} + (i - 1) % {guests} + 1, 3, 1, {now} - 86400000000 + i FROM past;

INSERT INTO participants (conference_id, id, position, kind, user_id, state, deadline, account_expires, account_secret,
    invitation, name, email)
SELECT i, 3 * i - 3 + kind, kind - 1, kind, CASE kind WHEN 1 THEN i WHEN 2 THEN {guests} + i END,
    5, {now} + 43200000000 + i, {now} + 43200000000 + i, randomblob(32),
    CASE kind WHEN 3 THEN randomblob(32) END,
    CASE kind WHEN 3 THEN 'Rosa Relative' END, CASE kind WHEN 3 THEN 'rosa@bench.example' END
FROM guests, kinds;
INSERT INTO participants (conference_id, id, position, kind, user_id, state, reason, finished_at, removal, name)
SELECT {guests} + i, 3 * ({guests} + i) - 3 + kind, kind - 1, kind,
    CASE kind WHEN 1 THEN (i - 1) % {guests} + 1 WHEN 2 THEN {guests} + (i - 1) % {guests} + 1 END,
    6, 1, {now} - 86400000000, 4, CASE kind WHEN 3 THEN 'Rosa Relative' END
FROM past, kinds;

INSERT INTO events (conference_id, seq, at, kind, actor_role, participant_id, deadline)
SELECT i, seq, {now} - 600000000 + seq, 9, 5, 3 * i, {now} FROM guests, seqs;
INSERT INTO events (conference_id, seq, at, kind, actor_role, participant_id, deadline)
SELECT {guests} + i, seq, {now} - 600000000 + seq, 9, 5, 3 * ({guests} + i), {now} FROM past, seqs;

UPDATE id_blocks SET next = 3 * ({guests} + {past}) + 1;
COMMIT;
