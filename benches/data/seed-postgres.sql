-- {guests} calls that are on, each with a guest who can be kicked, and {past} that are over. All parties have an account and
-- a lost connection: of those that are connected, the server would note that no engine has them.
-- Call i: client i, provider {guests} + i, participants 3i - 2 (client), 3i - 1 (provider) and 3i (guest).
-- {pairs} pairs without a call. Pair i: client 2 {guests} + 2i - 1, provider 2 {guests} + 2i, language 100000 + i.
SET session_replication_role = replica; -- the rows fit each other: no need to check each reference

INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT i, 1, 'client' || i || '@bench.example', '-', 'Client ' || i, 1, 0, {now} + 3600000000, {now}
FROM generate_series(1, {guests}) i;
INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT {guests} + i, 2, 'provider' || i || '@bench.example', '-', 'Provider ' || i, 1, 0, {now} + 3600000000, {now}
FROM generate_series(1, {guests}) i;
INSERT INTO tokens (hash, user_id, created_at, expires_at)
SELECT sha256(convert_to(lpad(i::text, 64, '0'), 'UTF8')), i, {now}, {now} + 43200000000
FROM generate_series(1, {guests}) i;

INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
SELECT 2 * {guests} + 2 * i - 2 + role, role, 'pair' || i || '@bench.example', '-', 'Pair ' || i, 1, 0,
    {now} + 3600000000, {now}
FROM generate_series(1, {pairs}) i, generate_series(1, 2) role;
INSERT INTO tokens (hash, user_id, created_at, expires_at)
SELECT sha256(convert_to(lpad(id::text, 64, '0'), 'UTF8')), id, {now}, {now} + 43200000000
FROM generate_series(2 * {guests} + 1, 2 * {guests} + 2 * {pairs}) id;
INSERT INTO interpreters (id, employment, certification, rate, special_type, takes_calls, takes_video, takes_text)
SELECT id, 1, 0, 0, 1, false, true, false FROM users WHERE role = 2;
INSERT INTO languages (id, code, name) SELECT 100000 + i, 'x' || i, 'Language ' || i FROM generate_series(1, {pairs}) i;
INSERT INTO provider_languages (provider_id, language_id, native)
SELECT 2 * {guests} + 2 * i, 100000 + i, true FROM generate_series(1, {pairs}) i;

INSERT INTO conferences (id, client_id, ended_at, serviced, last_seq, requested_at, situation_code, additional_info)
SELECT {guests} + i, (i - 1) % {guests} + 1, {now} - 86400000000 + i, true, 6, {now} - 90000000000, 0, 'Ward 7'
FROM generate_series(1, {past}) i;
INSERT INTO requests (conference_id, id, language_id, provider_id, stage, outcome, ended_at)
SELECT {guests} + i, {guests} + i, 44, {guests} + (i - 1) % {guests} + 1, 3, 1, {now} - 86400000000 + i
FROM generate_series(1, {past}) i;
INSERT INTO participants (conference_id, id, position, kind, user_id, state, reason, finished_at, removal, name)
SELECT {guests} + i, 3 * ({guests} + i) - 3 + kind, kind - 1, kind,
    CASE kind WHEN 1 THEN (i - 1) % {guests} + 1 WHEN 2 THEN {guests} + (i - 1) % {guests} + 1 END,
    6, 1, {now} - 86400000000, 4, CASE kind WHEN 3 THEN 'Rosa Relative' END
FROM generate_series(1, {past}) i, generate_series(1, 3) kind;

INSERT INTO conferences (id, client_id, serviced, last_seq, next_deadline, requested_at, situation_code, additional_info)
SELECT i, i, true, 6, {now} + 43200000000 + i, {now} - 600000000, 0, 'Ward 7'
FROM generate_series(1, {guests}) i;
INSERT INTO requests (conference_id, id, language_id, provider_id, stage)
SELECT i, i, 44, {guests} + i, 2
FROM generate_series(1, {guests}) i;
INSERT INTO participants (conference_id, id, position, kind, user_id, state, deadline, account_expires, account_secret,
    invitation, name, email)
SELECT i, 3 * i - 3 + kind, kind - 1, kind, CASE kind WHEN 1 THEN i WHEN 2 THEN {guests} + i END,
    5, {now} + 43200000000 + i, {now} + 43200000000 + i, sha256(convert_to('account ' || (3 * i - 3 + kind), 'UTF8')),
    CASE kind WHEN 3 THEN sha256(convert_to('invitation ' || i, 'UTF8')) END,
    CASE kind WHEN 3 THEN 'Rosa Relative' END, CASE kind WHEN 3 THEN 'rosa@bench.example' END
FROM generate_series(1, {guests}) i, generate_series(1, 3) kind;

-- Six events each; what they say does not matter to a kick.
INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, deadline)
SELECT i, seq, {now} - 600000000 + seq, 9, 5, NULL, 3 * i, {now}
FROM generate_series(1, {guests} + {past}) i, generate_series(1, 6) seq;

UPDATE id_blocks SET next = 3 * ({guests} + {past}) + 1;
