DROP TABLE credentials;
DROP TABLE interpreter_specialties;
DROP TABLE interpreters;
