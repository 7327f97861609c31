-- The running servers, each with its last sign of life.
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY NOT NULL, -- random for each process
    seen_at INTEGER NOT NULL
) STRICT;

-- The node whose embedded engine holds the conference's room; null if none does, or an engine outside.
ALTER TABLE conferences ADD COLUMN node INTEGER;
