-- The running servers, each with its last sign of life.
CREATE TABLE nodes (
    id BIGINT PRIMARY KEY NOT NULL, -- random for each process
    seen_at BIGINT NOT NULL
);

-- The node whose embedded engine holds the conference's room; null if none does, or an engine outside.
ALTER TABLE conferences ADD COLUMN node BIGINT;
