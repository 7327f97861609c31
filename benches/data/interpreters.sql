-- 100,000 interpreters of 60 languages, each of two, of whom 3,000 take calls. On both databases.
INSERT INTO languages (id, code, name)
WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 59)
SELECT 200000 + i, 'y' || i, 'Language ' || i FROM s;

INSERT INTO users (id, role, email, password_hash, name, availability, performance, last_seen, created_at)
WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100000)
SELECT 10000000 + i, 2, 'interpreter' || i || '@bench.example', '-', 'Interpreter ' || i,
    CASE WHEN i <= 3000 THEN 1 ELSE 0 END, 0, CASE WHEN i <= 3000 THEN {now} + 3600000000 ELSE {now} - 86400000000 END, {now} FROM s;

INSERT INTO interpreters (id, gender, employment, certification, rate, special_type, takes_calls, takes_video, takes_text)
WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100000)
SELECT 10000000 + i, i % 2 + 1, i % 3 + 1, i % 4, 0, 1, i < 0, i > 0, i < 0 FROM s;

INSERT INTO provider_languages (provider_id, language_id, native)
WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100000)
SELECT 10000000 + i, 200000 + i % 60, i > 0 FROM s;
INSERT INTO provider_languages (provider_id, language_id, native)
WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100000)
SELECT 10000000 + i, 200000 + (i + 7) % 60, i < 0 FROM s;
