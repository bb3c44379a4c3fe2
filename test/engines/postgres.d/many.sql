CREATE SCHEMA warehouse;

DO $$ BEGIN FOR i IN 1..1000 LOOP
EXECUTE format('CREATE TABLE warehouse.t%s (id bigint PRIMARY KEY, name character varying(80) NOT NULL, price numeric(12,2) DEFAULT 0, at timestamp with time zone)', to_char(i, 'FM0000'));
END LOOP; END $$;

GRANT USAGE ON SCHEMA warehouse TO mooring_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO mooring_reader;

