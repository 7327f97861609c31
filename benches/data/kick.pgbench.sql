-- The statements of one kick, as the server sends them: the token, then load, append, save by compare-and-set.
\set n :n + 1
\set id :n * 8 + :client_id + 1
\set guest :id * 3
SELECT users.id, users.role, users.last_seen FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = sha256(convert_to(lpad(CAST(:id AS text), 64, '0'), 'UTF8')) AND tokens.expires_at > :now LIMIT 1;
BEGIN;
SELECT id, client_id, start_by, ended_at, serviced, last_seq, next_deadline, requested_at, situation_code, additional_info, location, from_language_id FROM conferences WHERE id = :id LIMIT 1;
SELECT conference_id, id, position, kind, user_id, request_id, state, deadline, account_expires, account_secret, reason, finished_at, removal, invitation, name, email, phone FROM participants WHERE conference_id = :id ORDER BY position;
INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, other_id, user_id, code, deadline) VALUES (:id, 7, :now, 11, 1, :id, :guest, NULL, NULL, 6, NULL);
INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) VALUES (1, :id, :id, 1, '{"remove":' || :guest || '}', 0, :now, :now);
UPDATE participants SET state = 6, deadline = NULL, account_expires = NULL, reason = 6, finished_at = :now, removal = 2 WHERE conference_id = :id AND id = :guest;
UPDATE conferences SET start_by = NULL, ended_at = NULL, serviced = true, last_seq = 7, next_deadline = next_deadline WHERE id = :id AND last_seq = 6;
COMMIT;
