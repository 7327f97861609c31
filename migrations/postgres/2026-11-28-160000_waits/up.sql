-- When an interpreter accepted, for the estimate of waits.
ALTER TABLE requests ADD COLUMN accepted_at BIGINT;
CREATE INDEX requests_accepted ON requests (language_id, accepted_at) WHERE accepted_at IS NOT NULL;

-- The language of texts that was asked for at the log-in (`SystemLanguageId`).
ALTER TABLE tokens ADD COLUMN language_id INTEGER;
