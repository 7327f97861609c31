UPDATE idempotency_keys SET answer = convert_to(participant_id || ' ' || created_at || E'\n', 'UTF8') || answer
WHERE participant_id IS NOT NULL;
ALTER TABLE idempotency_keys DROP COLUMN participant_id;
