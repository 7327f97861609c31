ALTER TABLE conferences DROP COLUMN node;
DROP TABLE nodes;
