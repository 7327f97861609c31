-- What is wanted of the interpreter, beside gender and specialty. What is not required is a wish.
ALTER TABLE requests ADD COLUMN specialty_required INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN certification INTEGER; -- the lowest level
ALTER TABLE requests ADD COLUMN certification_required INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN video_option INTEGER NOT NULL DEFAULT 1; -- 1 video preferred, 2 audio only, 3 video only
ALTER TABLE requests ADD COLUMN interpreter_id INTEGER REFERENCES users (id); -- this very interpreter
ALTER TABLE requests ADD COLUMN interpreter_required INTEGER NOT NULL DEFAULT 0;

-- Whoever takes video takes calls by sound, too, as nobody was asked until now. An import may say otherwise.
UPDATE interpreters SET takes_calls = 1 WHERE takes_video;
