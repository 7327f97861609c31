-- Those who may be rung are found by their language and their last sign of life, however many others there are.
CREATE INDEX users_last_seen ON users (last_seen);
DROP INDEX provider_languages_language;
CREATE INDEX provider_languages_language ON provider_languages (language_id, provider_id);
