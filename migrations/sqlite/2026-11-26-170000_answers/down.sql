UPDATE idempotency_keys SET answer = CAST(participant_id || ' ' || created_at || char(10) || CAST(answer AS TEXT) AS BLOB)
WHERE participant_id IS NOT NULL;
ALTER TABLE idempotency_keys DROP COLUMN participant_id;
