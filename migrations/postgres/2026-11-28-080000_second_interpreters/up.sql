-- What is said of the request for a second interpreter, for that interpreter.
ALTER TABLE participants ADD COLUMN note TEXT;
