-- Whether the personal data of an ended conference was blanked.
ALTER TABLE conferences ADD COLUMN blanked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conferences_not_blanked ON conferences (ended_at) WHERE NOT blanked AND ended_at IS NOT NULL;
