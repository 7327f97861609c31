ALTER TABLE requests DROP COLUMN interpreter_required;
ALTER TABLE requests DROP COLUMN interpreter_id;
ALTER TABLE requests DROP COLUMN video_option;
ALTER TABLE requests DROP COLUMN certification_required;
ALTER TABLE requests DROP COLUMN certification;
ALTER TABLE requests DROP COLUMN specialty_required;
