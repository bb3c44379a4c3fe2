CREATE SCHEMA "Odd schema.with ""quotes""";

CREATE TABLE "Odd schema.with ""quotes"""."a.b" ("c.d" int PRIMARY KEY, "with space" text, "with ""quote""" text, "with, comma" text, "{brace}" text, "back\slash" text);

CREATE TABLE "Odd schema.with ""quotes"""."Ünïcödé 表 🚢" ("sélect" text, "表" int REFERENCES "Odd schema.with ""quotes"""."a.b" ("c.d"), "select" int, "tab	inside" int);

CREATE TABLE "Odd schema.with ""quotes"""."it's" ("it's" int UNIQUE, "--comment" int, "/*" int, "$1" int);

COMMENT ON TABLE "Odd schema.with ""quotes"""."it's" IS 'it''s "quoted", with ünïcödé 表 and a
new line';

CREATE TABLE "Odd schema.with ""quotes"""." leading space" ("
" int, "UPPER" int, "0" int);

CREATE TABLE public.no_columns ();

GRANT USAGE ON SCHEMA "Odd schema.with ""quotes""" TO mooring_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA "Odd schema.with ""quotes""", public TO mooring_reader;

