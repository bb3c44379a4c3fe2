CREATE TABLE shop.quotes (net numeric(12,2) NOT NULL, tax numeric(12,2) NOT NULL, gross numeric(12,2) GENERATED ALWAYS AS (net + tax) VIRTUAL);

GRANT SELECT ON shop.quotes TO mooring_reader;

