"""Prints what DuckDB and pyarrow read in the files of a folder: read.py FOLDER > answers.json"""

import json
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
database = duckdb.connect()
database.execute("SET threads = 1")


def refusal(error):
    """Returns the first line of the error, without the name of the file."""
    return {"refused": str(error).split("\n")[0].replace(f"{folder}/", "")[:120]}


def query(sql, *values):
    return database.execute(sql, values).fetchall()


def read_text(file, function):
    path = str(file)
    # DuckDB would take brackets and stars in a file name for a pattern.
    path = "".join(f"[{one}]" if one in "[*?" else one for one in path)
    try:
        columns = query(f"DESCRIBE SELECT * FROM {function}(?, hive_partitioning = false)", path)
        [[rows]] = query(f"SELECT count(*) FROM {function}(?, hive_partitioning = false)", path)
        answer = {"columns": [[name, kind] for name, kind, *_ in columns], "rows": rows}
    except duckdb.Error as error:
        return refusal(error)
    if function == "read_csv":
        [[delimiter, header, skipped]] = query("SELECT Delimiter, HasHeader, SkipRows FROM sniff_csv(?)", path)
        answer |= {"delimiter": delimiter, "header": header, "skipped": skipped}
    return answer


leaves = {pa.null(): "null", pa.bool_(): "boolean", pa.float16(): "float", pa.float32(): "float", pa.float64(): "float"}


def spell(kind):
    """Spells a type in words that both readers use."""
    if isinstance(kind, pa.BaseExtensionType):
        return {"arrow.uuid": "uuid", "arrow.json": "json"}.get(kind.extension_name) or spell(kind.storage_type)
    if kind in leaves:
        return leaves[kind]
    if pa.types.is_dictionary(kind):
        return spell(kind.value_type)
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "binary"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_time(kind):
        return f"time({kind.unit})"
    if pa.types.is_timestamp(kind):
        return f"timestamp({kind.unit}{',utc' if kind.tz else ''})"
    if pa.types.is_map(kind):
        return f"map<{spell(kind.key_type)}, {spell(kind.item_type)}>"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"array<{spell(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{field.name}: {spell(field.type)}' for field in kind)}>"
    return str(kind)


def read_parquet(file):
    try:
        parquet = pq.ParquetFile(file)
        columns = [[field.name, spell(field.type), field.nullable] for field in parquet.schema_arrow]
        return {"columns": columns, "rows": parquet.metadata.num_rows}
    except (pa.ArrowException, OSError) as error:
        return refusal(error)


def read(file):
    name = file.name.removesuffix(".gz").removesuffix(".encrypted")
    if name.endswith(".parquet"):
        return read_parquet(file)
    return read_text(file, "read_csv" if name.endswith((".csv", ".tsv")) else "read_json")


files = sorted(file for file in folder.rglob("*") if file.is_file())
answers = {str(file.relative_to(folder)): read(file) for file in files}
print("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers.items()) + "\n}")
