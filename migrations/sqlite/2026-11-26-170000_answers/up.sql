-- The participant that a kept answer is about, where it invited one: the link is made again for who asks again. It stood in a
-- first line of the answer.
ALTER TABLE idempotency_keys ADD COLUMN participant_id INTEGER;
UPDATE idempotency_keys SET
    participant_id = CAST(substr(CAST(answer AS TEXT), 1, instr(CAST(answer AS TEXT), ' ') - 1) AS INTEGER),
    answer = substr(answer, instr(answer, X'0A') + 1)
WHERE substr(answer, 1, 1) BETWEEN X'30' AND X'39' AND instr(answer, X'0A') > instr(answer, X'20') AND instr(answer, X'20') > 0;
