-- A provider who had accepted a request can be released from it: states 5 refused, 6 missed, 7 left, 8 replaced. Then the
-- search begins anew; position -1 has an offer of an earlier search, which is kept so that nobody is asked twice.
ALTER TABLE offers ADD COLUMN released_at INTEGER;
CREATE INDEX offers_released ON offers (provider_id, released_at) WHERE released_at IS NOT NULL;
