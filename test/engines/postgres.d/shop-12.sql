CREATE TABLE shop.invoices (net numeric(12,2) NOT NULL, tax numeric(12,2) NOT NULL, gross numeric(12,2) GENERATED ALWAYS AS (net + tax) STORED);

GRANT SELECT ON shop.invoices TO mooring_reader;

