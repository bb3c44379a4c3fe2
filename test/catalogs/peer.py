"""Prints the fields that SQLAlchemy's inspector reads from a database, as JSON with a path per field: peer.py URL SCHEMA..."""

import json
import sys

from sqlalchemy import create_engine, inspect

url, *schemas = sys.argv[1:]
inspector = inspect(create_engine(url))
fields = {}
for schema in schemas:
    views = inspector.get_view_names(schema)
    for table in [*inspector.get_table_names(schema), *views]:
        place = f"{schema}.{table}"
        if table not in views:
            fields[f"{place}.comment"] = inspector.get_table_comment(table, schema)["text"] or None
            fields[f"{place}.primary_key"] = inspector.get_pk_constraint(table, schema)["constrained_columns"]
        for position, column in enumerate(inspector.get_columns(table, schema)):
            fields[f"{place}/column {column['name']}.order"] = position
            fields[f"{place}/column {column['name']}.nullable"] = column["nullable"]
            fields[f"{place}/column {column['name']}.note"] = column.get("comment") or None
        for key in inspector.get_foreign_keys(table, schema):
            fields[f"{place}/foreign key {key['name']}.own"] = key["constrained_columns"]
            fields[f"{place}/foreign key {key['name']}.references"] = {
                "schema": key["referred_schema"] or schema,
                "table": key["referred_table"],
                "columns": key["referred_columns"],
            }
        for index in [] if table in views else inspector.get_indexes(table, schema):
            fields[f"{place}/index {index['name']}.unique"] = index["unique"]
            if None not in index["column_names"]:
                fields[f"{place}/index {index['name']}.own"] = index["column_names"]
            if "postgresql_where" in index.get("dialect_options", {}):
                fields[f"{place}/index {index['name']}.predicate"] = index["dialect_options"]["postgresql_where"]
print(json.dumps(fields))
