DROP INDEX provider_languages_language;
CREATE INDEX provider_languages_language ON provider_languages (language_id);
DROP INDEX users_last_seen;
