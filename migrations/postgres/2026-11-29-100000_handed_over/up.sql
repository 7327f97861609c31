-- When an interpreter last handed a call over is asked for each one who may be rung: its other releases are not read.
CREATE INDEX offers_handed_over ON offers (provider_id, state, released_at) WHERE released_at IS NOT NULL;
