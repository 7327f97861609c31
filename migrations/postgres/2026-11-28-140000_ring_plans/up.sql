-- What an interpreter says of itself: 0 off, 1 on, 2 last call, 3 away; a break: 10 rest, 11 meal, 12 work, 13 technical, 14 other.
ALTER TABLE users ALTER COLUMN online TYPE SMALLINT USING (CASE WHEN online THEN 1 ELSE 0 END);
ALTER TABLE users RENAME COLUMN online TO availability;
ALTER TABLE interpreters ADD COLUMN said_at BIGINT; -- when it said so last
ALTER TABLE interpreters ADD COLUMN missed_rings SMALLINT NOT NULL DEFAULT 0; -- in a row
ALTER TABLE interpreters ADD COLUMN missed_at BIGINT; -- the last of them

-- The step of the ring plan, and until when the interpreter is rung. New states: 9 no answer, 10 unavailable.
ALTER TABLE offers ADD COLUMN step SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE offers ADD COLUMN rung_until BIGINT NOT NULL DEFAULT 9223372036854775807;
UPDATE offers SET offered_at = released_at WHERE released_at IS NOT NULL AND position = 0;

-- What is wanted beside the language, by the numbers of contract section 4.
ALTER TABLE requests ADD COLUMN gender_option SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE requests ADD COLUMN specialty SMALLINT NOT NULL DEFAULT 1;

-- Whom requests are offered to, and in which order; company 0: the system's own.
CREATE TABLE ring_plans (
    company_id INTEGER PRIMARY KEY NOT NULL,
    plan TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Why interpreters were not rung when others were; `seq` is the last event of the same look.
CREATE TABLE search_looks (
    conference_id INTEGER NOT NULL REFERENCES conferences (id),
    seq INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    not_rung TEXT NOT NULL,
    PRIMARY KEY (conference_id, seq)
);
