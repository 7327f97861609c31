-- Pictures of interpreters. A new picture is a new row with a new number, so a number stands for one picture for ever.
CREATE TABLE profile_images (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    interpreter_id INTEGER NOT NULL UNIQUE REFERENCES interpreters (id),
    media_type INTEGER NOT NULL, -- 1 PNG, 2 JPEG, 3 WebP
    image BLOB NOT NULL
);
