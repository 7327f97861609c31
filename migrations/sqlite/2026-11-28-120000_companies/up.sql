-- The customers: whose clients ask for interpreters.
CREATE TABLE companies (
    id INTEGER PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE, -- small letters
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO id_blocks (name, next) VALUES ('company', 1);

-- What a company's own systems identify themselves by.
CREATE TABLE company_secrets (
    hash BLOB PRIMARY KEY NOT NULL,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX company_secrets_company ON company_secrets (company_id, created_at);

ALTER TABLE users ADD COLUMN company_id INTEGER REFERENCES companies (id); -- of clients only; null: of no company
