ALTER TABLE users DROP COLUMN company_id;
DROP TABLE company_secrets;
DROP TABLE companies;
DELETE FROM id_blocks WHERE name = 'company';
