-- The participant that a kept answer is about, where it invited one: the link is made again for who asks again. It stood in a
-- first line of the answer.
ALTER TABLE idempotency_keys ADD COLUMN participant_id INTEGER;
UPDATE idempotency_keys SET
    participant_id = convert_from(substring(answer FROM 1 FOR position('\x20'::bytea IN answer) - 1), 'UTF8')::INTEGER,
    answer = substring(answer FROM position('\x0a'::bytea IN answer) + 1)
WHERE substring(answer FROM 1 FOR 1) BETWEEN '\x30'::bytea AND '\x39'::bytea
    AND position('\x0a'::bytea IN answer) > position('\x20'::bytea IN answer) AND position('\x20'::bytea IN answer) > 0;
