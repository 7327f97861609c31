-- The customers: whose clients ask for interpreters.
CREATE TABLE companies (
    id INTEGER PRIMARY KEY NOT NULL,
    code TEXT COLLATE "C" NOT NULL UNIQUE, -- small letters
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO id_blocks (name, next) VALUES ('company', 1);

-- What a company's own systems identify themselves by.
CREATE TABLE company_secrets (
    hash BYTEA PRIMARY KEY NOT NULL,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX company_secrets_company ON company_secrets (company_id, created_at);

ALTER TABLE users ADD COLUMN company_id INTEGER REFERENCES companies (id); -- of clients only; null: of no company
