"""Writes files as programs and people write them. Every run writes the same files: make.py FOLDER"""

import gzip
import json
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def write(name, content, encoding="utf-8"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    (folder / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)


def table(header, row, count=5, end="\n", delimiter=","):
    rows = [row(i) for i in range(1, count + 1)]
    return end.join([delimiter.join(header), *[delimiter.join(r) for r in rows]]) + end


header = ["id", "name", "price", "day", "ok"]


def plain(i):
    return [str(i), f"name {i}", f"{i}.25", f"2026-01-{i:02}", "true" if i % 2 else "false"]


# Delimiters, line endings, encodings.
for word, delimiter in {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}.items():
    for end_word, end in {"lf": "\n", "crlf": "\r\n", "cr": "\r"}.items():
        write(f"{word}-{end_word}.csv", table(header, plain, end=end, delimiter=delimiter))
write("tab.tsv", table(header, plain, delimiter="\t"))
write("semicolon.tsv", table(header, plain, delimiter=";"))
write("comma.tsv", table(header, plain))
write("no-last-line-end.csv", table(header, plain)[:-1])
write("blank-lines-at-the-end.csv", table(header, plain) + "\n\n")
write("blank-lines-between.csv", table(header, plain).replace("\n3,", "\n\n3,"))
write("blank-lines-before.csv", "\n\n" + table(header, plain))
accents = table(["größe", "naïve", "id"], lambda i: [f"é{i}", "ñandú", str(i)])
write("utf8.csv", accents)
write("utf8-mark.csv", "\ufeff" + accents)
write("latin1.csv", accents, "latin-1")
write("windows1252.csv", table(["price €", "dash"], lambda i: [str(i), "a – b"]), "cp1252")
write("utf16le-mark.csv", "\ufeff" + accents, "utf-16-le")
write("utf16be-mark.csv", "\ufeff" + accents, "utf-16-be")
write("utf16le-tab.csv", "\ufeff" + accents.replace(",", "\t"), "utf-16-le")
write("japanese.csv", table(["名前", "年齢"], lambda i: ["太郎", str(20 + i)]))
write("emoji.csv", table(["😀", "count"], lambda i: ["👍🏽", str(i)]))

# Quotes.
write("quoted-all.csv", table([f'"{h}"' for h in header], lambda i: [f'"{v}"' for v in plain(i)]))
write("quoted-delimiters.csv", table(["id", "note"], lambda i: [str(i), '"a, b"']))
write("quoted-quotes.csv", table(["id", "note"], lambda i: [str(i), '"say ""hi"""']))
write("quoted-lines.csv", table(["id", "note"], lambda i: [str(i), '"one\ntwo"']))
write("quoted-lines-in-header.csv", table(["id", '"note\nof it"'], lambda i: [str(i), "x"]))
write("quoted-blanks-before.csv", table(["id", ' "full, name"'], lambda i: [str(i), ' "x, y"']))
write("quoted-single.csv", table(["'id'", "'note'"], lambda i: [f"'{i}'", "'a, b'"]))
write("quoted-backslash.csv", table(["id", "note"], lambda i: [str(i), '"say \\"hi\\""']))
write("quote-within.csv", table(["id", "size"], lambda i: [str(i), f'{i}" pipe']))
write("inches.tsv", table(["id", "size"], lambda i: [str(i), f'"{i} inch'], delimiter="\t"))
write("quoted.tsv", table(["id", "note"], lambda i: [str(i), '"a\tb"'], delimiter="\t"))
write("apostrophes.csv", table(["id", "note"], lambda i: [str(i), "it's"]))
write("json-in-csv.csv", table(["id", "data"], lambda i: [str(i), '"{""a"": 1, ""b"": [2, 3]}"']))

# Headers.
write("header-alone.csv", "id,name,price\n")
write("header-none.csv", "".join(f"{i},name {i},{i}.5\n" for i in range(1, 6)))
write("header-none-strings.csv", "Ann,Lima\nBob,Oslo\nCarla,Rome\n")
write("header-years.csv", table(["country", "2019", "2020", "2021"], lambda i: [f"C{i}", f"{i}3.1", f"{i}4.5", ""]))
write("header-years-integers.csv", table(["country", "2019", "2020"], lambda i: [f"C{i}", str(i * 1000003), str(i * 1000007)]))
write("header-numbers.csv", table(["region", "1", "2", "3"], lambda i: [f"R{i}", f"{i}.5", f"{i}.6", f"{i}.7"]))
write("header-dates.csv", table(["region", "2026-01-01", "2026-02-01"], lambda i: [f"R{i}", str(i), str(i + 1)]))
write("header-months.csv", table(["item", "Jan-26", "Feb-26"], lambda i: [f"I{i}", str(i), str(i)]))
write("header-twice.csv", table(["id", "value", "value"], lambda i: [str(i), "a", "b"]))
write("header-case.csv", table(["ID", "id", "Id"], lambda i: [str(i), "a", "b"]))
write("header-blank-name.csv", table(["", "name", "count"], lambda i: [str(i), f"n{i}", str(i)]))
write("header-blank-last.csv", table(["id", "name", ""], lambda i: [str(i), f"n{i}", ""]))
write("header-blanks-around.csv", table([" id ", " name", "price "], lambda i: [str(i), f"n{i}", "1.5"]))
write("header-boolean.csv", table(["true", "id"], lambda i: ["false", str(i)]))
write("header-units.csv", table(["id", "price (USD)", "weight [kg]", "% of total"], lambda i: [str(i), "1.5", "2.5", "3.5"]))
write("header-second-of-units.csv", "id,height,weight\n,cm,kg\n" + "".join(f"{i},1{i},7{i}\n" for i in range(1, 6)))
write("title-above.csv", "Report of sales 2026\n\nid,name,price\n" + "".join(f"{i},n{i},1.5\n" for i in range(1, 6)))
write("title-above-commas.csv", "Report of sales,,\n,,\nid,name,price\n" + "".join(f"{i},n{i},1.5\n" for i in range(1, 6)))
write("comment-above.csv", "# made by a program\n# on a day\nid,name\n" + "".join(f"{i},n{i}\n" for i in range(1, 6)))
write("comment-header.csv", "#id,name\n" + "".join(f"{i},n{i}\n" for i in range(1, 6)))
write("comment-between.csv", "id,name\n1,a\n# nothing\n2,b\n3,c\n")
write("sep.csv", "sep=;\r\n" + table(["id", "name"], lambda i: [str(i), "x"], end="\r\n", delimiter=";"))
write("sep-tab.csv", "sep=\t\r\n" + table(["id", "name"], lambda i: [str(i), "x"], end="\r\n", delimiter="\t"))
write("total-below.csv", table(["item", "amount"], lambda i: [f"i{i}", str(i)]) + "Total,15\n")
write("footnote-below.csv", table(["item", "amount"], lambda i: [f"i{i}", str(i)]) + "Source: somewhere\n")

# Rows of different lengths.
write("ragged-short.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n9\n")
write("ragged-long.csv", "a,b,c\n1,2,3\n4,5,6,7\n8,9,10\n")
write("trailing-delimiter.csv", "id,name,\n1,a,\n2,b,\n3,c,\n")
write("trailing-delimiter-rows.csv", "id,name\n1,a,\n2,b,\n3,c,\n")
write("index-without-name.csv", "id,name\n0,1,a\n1,2,b\n2,3,c\n")
write("one-column.csv", "id\n1\n2\n3\n")
write("one-column-strings.csv", "name\nAnn\nBob\nCarla\n")
write("one-column-blank-rows.csv", "name\nAnn\n\nCarla\n")
write("one-row.csv", "id,name\n1,x\n")
write("wide.csv", ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(str(i) for i in range(300)) + "\n")
write("empty.csv", "")
write("line-end-alone.csv", "\n")
write("delimiters-alone.csv", ",,\n,,\n,,\n")

# One column of each kind of value, between two others.
values = {
    "integers": ["1", "-2", "+3", "0", "40"],
    "integers-padded": ["0001", "0002", "0003", "0040", "0500"],
    "integers-large": ["9223372036854775807", "1", "2", "3", "4"],
    "integers-larger": ["92233720368547758070", "1", "2", "3", "4"],
    "integers-largest": ["123456789012345678901234567890123456789012345", "1", "2", "3", "4"],
    "integers-blanks": [" 1", "2 ", " 3 ", "4", "5"],
    "integers-thousands": ['"1,234"', '"22,345"', '"1,234,567"', "12", "5"],
    "integers-points": ["1.234.567", "2.345.678", "3.456.789", "4.567.890", "5.678.901"],
    "integers-underscores": ["1_000", "2_000", "3_000", "4_000", "5_000"],
    "decimals": ["1.5", "-2.25", ".5", "0.0", "100"],
    "decimals-comma": ['"1,5"', '"2,25"', '"-3,75"', '"4,0"', '"5,125"'],
    "decimals-exponent": ["1e5", "2.5E-3", "-1e10", "1E+5", "0e0"],
    "decimals-point-last": ["1.", "2.", "3.", "4.", "5."],
    "decimals-minus-last": ["1.5-", "2.5-", "3.5", "4.5", "5.5"],
    "decimals-infinite": ["1.5", "inf", "-inf", "nan", "2.5"],
    "decimals-long": ["0.1234567890123456789", "1.1234567890123456789", "2", "3", "4"],
    "percent": ["1%", "2.5%", "3%", "4%", "5%"],
    "money": ["$1.50", "$2.50", "$3.50", "$4.50", "$5.50"],
    "money-after": ["1.50 €", "2.50 €", "3.50 €", "4.50 €", "5.50 €"],
    "money-brackets": ["(1.50)", "2.50", "(3.50)", "4.50", "5.50"],
    "hex": ["0x1F", "0x2A", "0xFF", "0x10", "0x00"],
    "booleans": ["true", "false", "true", "false", "true"],
    "booleans-upper": ["TRUE", "FALSE", "TRUE", "FALSE", "TRUE"],
    "booleans-letters": ["t", "f", "t", "f", "t"],
    "booleans-words": ["yes", "no", "yes", "no", "yes"],
    "booleans-digits": ["1", "0", "1", "0", "1"],
    "dates": ["2026-01-31", "2025-12-01", "1999-02-28", "2000-02-29", "2026-07-15"],
    "dates-slashes": ["2026/01/31", "2025/12/01", "1999/02/28", "2000/02/29", "2026/07/15"],
    "dates-american": ["01/31/2026", "12/01/2025", "02/28/1999", "02/29/2000", "07/15/2026"],
    "dates-american-short": ["1/31/2026", "12/1/2025", "2/28/1999", "2/29/2000", "7/15/2026"],
    "dates-british": ["31/01/2026", "01/12/2025", "28/02/1999", "29/02/2000", "15/07/2026"],
    "dates-german": ["31.01.2026", "01.12.2025", "28.02.1999", "29.02.2000", "15.07.2026"],
    "dates-dutch": ["31-01-2026", "01-12-2025", "28-02-1999", "29-02-2000", "15-07-2026"],
    "dates-short-years": ["1/31/26", "12/1/25", "2/28/99", "2/29/00", "7/15/26"],
    "dates-compact": ["20260131", "20251201", "19990228", "20000229", "20260715"],
    "dates-months": ["31 Jan 2026", "1 Dec 2025", "28 Feb 1999", "29 Feb 2000", "15 Jul 2026"],
    "dates-impossible": ["2026-02-30", "2026-13-01", "2026-00-10", "2026-01-32", "2026-01-01"],
    "months": ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"],
    "years": ["2022", "2023", "2024", "2025", "2026"],
    "times": ["10:30:00", "23:59:59", "00:00:00", "07:05:03", "12:00:00"],
    "times-short": ["10:30", "23:59", "00:00", "07:05", "12:00"],
    "times-fractions": ["10:30:00.123", "23:59:59.999", "00:00:00.000", "07:05:03.5", "12:00:00.000001"],
    "times-noon": ["10:30 AM", "11:59 PM", "12:00 AM", "7:05 AM", "12:00 PM"],
    "durations": ["25:30:00", "100:00:00", "1:30:00", "48:00:00", "30:15:00"],
    "timestamps": [f"2026-01-0{i} 10:00:00" for i in range(1, 6)],
    "timestamps-t": [f"2026-01-0{i}T10:00:00" for i in range(1, 6)],
    "timestamps-utc": [f"2026-01-0{i}T10:00:00Z" for i in range(1, 6)],
    "timestamps-offset": [f"2026-01-0{i}T10:00:00+02:00" for i in range(1, 6)],
    "timestamps-offset-short": [f"2026-01-0{i} 10:00:00+00" for i in range(1, 6)],
    "timestamps-zone": [f"2026-01-0{i} 10:00:00 UTC" for i in range(1, 6)],
    "timestamps-minutes": [f"2026-01-0{i} 10:00" for i in range(1, 6)],
    "timestamps-fractions": [f"2026-01-0{i} 10:00:00.123456" for i in range(1, 6)],
    "timestamps-nanoseconds": [f"2026-01-0{i} 10:00:00.123456789" for i in range(1, 6)],
    "timestamps-american": [f"1/{i}/2026 10:00:00" for i in range(11, 16)],
    "timestamps-american-noon": [f"1/{i}/2026 10:00:00 PM" for i in range(11, 16)],
    "timestamps-german": [f"{i}.01.2026 10:00:00" for i in range(11, 16)],
    "timestamps-slashes": [f"2026/01/{i} 10:00:00" for i in range(11, 16)],
    "timestamps-mixed-with-dates": ["2026-01-01", "2026-01-02 10:00:00", "2026-01-03", "2026-01-04", "2026-01-05"],
    "timestamps-compact": [f"202601{i}T100000Z" for i in range(11, 16)],
    "timestamps-http": [f'"Mon, {i} Jan 2026 10:00:00 GMT"' for i in range(11, 16)],
    "seconds": ["1767225600", "1767225601", "1767225602", "1767225603", "1767225604"],
    "uuids": [f"0000000{i}-0000-4000-8000-000000000000" for i in range(1, 6)],
    "missing-empty": ["1", "", "3", "", "5"],
    "missing-na": ["1", "NA", "3", "NA", "5"],
    "missing-null": ["1", "NULL", "3", "null", "5"],
    "missing-none": ["1.5", "None", "3.5", "NaN", "5.5"],
    "missing-dash": ["1", "-", "3", "-", "5"],
    "missing-backslash": ["1", "\\N", "3", "\\N", "5"],
    "missing-question": ["1", "?", "3", "?", "5"],
    "missing-dots": ["1", "..", "3", "..", "5"],
    "missing-dates": ["2026-01-01", "", "2026-01-03", "NULL", "2026-01-05"],
    "missing-all": ["", "", "", "", ""],
    "missing-all-na": ["NA", "NA", "NA", "NA", "NA"],
    "mixed": ["1", "two", "3", "four", "5"],
    "mixed-late": ["1", "2", "3", "4", "x"],
    "mixed-booleans": ["true", "1", "false", "0", "true"],
    "codes": ["A1", "B2", "C3", "D4", "E5"],
    "versions": ["1.2.3", "1.10.0", "2.0.0", "2.0.1", "3.0.0"],
    "addresses": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"],
    "phones": ["+49 30 123456", "+49 30 123457", "+49 30 123458", "+49 30 123459", "+49 30 123450"],
    "postcodes": ["01067", "10115", "20095", "04103", "80331"],
    "points": ["POINT (1 2)", "POINT (3 4)", "POINT (5 6)", "POINT (7 8)", "POINT (9 0)"],
    "lists": ['"[1, 2]"', '"[3]"', "[]", '"[4, 5]"', "[6]"],
    "ranges": ["1-5", "6-10", "11-15", "16-20", "21-25"],
}
for name, column in values.items():
    write(f"column-{name}.csv", table(["key", "value", "note"], lambda i: [f"k{i}", column[i - 1], f"n{i}"]))

# JSON.
documents = [
    {"id": i, "name": f"n{i}", "price": i + 0.5, "ok": i % 2 == 0, "tags": ["a", "b"], "address": {"city": "Porto", "zip": i}}
    for i in range(1, 6)
]
lines = [json.dumps(document) for document in documents]
write("lines.json", "\n".join(lines) + "\n")
write("lines.jsonl", "\n".join(lines) + "\n")
write("lines.ndjson", "\n".join(lines))
write("lines-crlf.jsonl", "\r\n".join(lines) + "\r\n")
write("lines-blank.jsonl", "\n\n".join(lines) + "\n\n")
write("lines-mark.json", "\ufeff" + "\n".join(lines))
write("lines.jsonl.gz", "\n".join(lines) + "\n")
write("array.json", json.dumps(documents))
write("array-indented.json", json.dumps(documents, indent=2))
write("documents-indented.json", "\n".join(json.dumps(document, indent=2) for document in documents))
write("documents-together.json", "".join(lines))
write("document.json", lines[0])
write("document-nested.json", json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}]}))
write("array-empty.json", "[]")
write("document-empty.json", "{}")
write("empty.json", "")
write("array-of-arrays.json", "[[1,2],[3,4]]")
write("array-of-numbers.json", "[1,2,3]")
write("lines-of-arrays.jsonl", "[1,2]\n[3,4]\n")
write("lines-of-strings.jsonl", '"a"\n"b"\n')
write("number.json", "1")
write("null.json", "null")
write("cut.json", json.dumps(documents)[:-20])
write("cut.jsonl", "\n".join(lines)[:-10])
write("broken.jsonl", lines[0] + "\nnot JSON\n" + lines[1])
write("names-differ.jsonl", '{"a":1}\n{"b":2}\n{"c":3}\n')
write("names-case.jsonl", '{"id":1,"ID":2}\n{"id":3,"ID":4}\n')
write("names-odd.jsonl", '{"":1,"a b":2,"ü":3,"a.b":4,"__proto__":5}\n')
write("nulls.jsonl", '{"a":null,"b":1}\n{"a":null,"b":null}\n')
write("kinds-mixed.jsonl", '{"a":1}\n{"a":"x"}\n{"a":true}\n')
write("numbers-mixed.jsonl", '{"a":1}\n{"a":1.5}\n')
write("numbers-large.jsonl", '{"a":9223372036854775807,"b":92233720368547758070,"c":1e400,"d":1.0,"e":1e3}\n')
write("dates.jsonl", "".join(f'{{"day":"2026-01-0{i}","at":"2026-01-0{i}T10:00:00Z","time":"10:00:00"}}\n' for i in range(1, 6)))
write("uuids.jsonl", "".join(f'{{"id":"0000000{i}-0000-4000-8000-000000000000"}}\n' for i in range(1, 6)))
write("objects-mixed.jsonl", '{"a":{"x":1}}\n{"a":[1]}\n')
write("utf16.json", "\ufeff" + json.dumps(documents), "utf-16-le")
write("comments.json", '{"a": 1, // one\n "b": 2}\n')
write("quotes-single.json", "{'a': 1}\n")
write("comma-last.json", '{"a": 1,}\n')


# Parquet.
def parquet(name, columns, schema=None, metadata=None, **options):
    data = pa.table(columns, schema=schema)
    if metadata:
        data = data.replace_schema_metadata(metadata)
    pq.write_table(data, folder / f"{name}.parquet", **options)


types = {
    "null": ([None, None], pa.null()),
    "bool": ([True, None], pa.bool_()),
    **{f"{sign}int{bits}": ([1, None], getattr(pa, f"{sign}int{bits}")()) for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float16": ([1.0, None], pa.float16()),
    "float32": ([1.0, None], pa.float32()),
    "float64": ([1.0, None], pa.float64()),
    "string": (["a", None], pa.string()),
    "large-string": (["a", None], pa.large_string()),
    "string-view": (["a", None], pa.string_view()),
    "binary": ([b"a", None], pa.binary()),
    "binary-fixed": ([b"abcd", None], pa.binary(4)),
    "decimal": ([Decimal("1.25"), None], pa.decimal128(9, 2)),
    "decimal-large": ([Decimal("1.25"), None], pa.decimal128(38, 10)),
    "decimal-larger": ([Decimal("1.25"), None], pa.decimal256(60, 20)),
    "decimal32": ([Decimal("1.25"), None], pa.decimal32(5, 2)),
    "date32": ([date(2026, 1, 31), None], pa.date32()),
    "date64": ([date(2026, 1, 31), None], pa.date64()),
    "time-s": ([time(10, 30), None], pa.time32("s")),
    "time-ms": ([time(10, 30), None], pa.time32("ms")),
    "time-us": ([time(10, 30), None], pa.time64("us")),
    "time-ns": ([time(10, 30), None], pa.time64("ns")),
    **{f"timestamp-{unit}": ([datetime(2026, 1, 31), None], pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
    **{
        f"timestamp-{unit}-utc": ([datetime(2026, 1, 31, tzinfo=timezone.utc), None], pa.timestamp(unit, "UTC"))
        for unit in ("ms", "us", "ns")
    },
    "timestamp-zone": ([datetime(2026, 1, 31, tzinfo=timezone.utc), None], pa.timestamp("us", "Europe/Lisbon")),
    "duration": ([1, None], pa.duration("us")),
    "dictionary": (["a", None], pa.dictionary(pa.int8(), pa.string())),
    "list": ([[1, 2], None], pa.list_(pa.int64())),
    "list-large": ([[1, 2], None], pa.large_list(pa.int64())),
    "list-fixed": ([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
    "list-of-lists": ([[[1], [2]], None], pa.list_(pa.list_(pa.int32()))),
    "list-of-structs": ([[{"x": 1, "y": "a"}], None], pa.list_(pa.struct([("x", pa.int32()), ("y", pa.string())]))),
    "list-of-structs-of-one": ([[{"x": 1}], None], pa.list_(pa.struct([("x", pa.int32())]))),
    "struct": ([{"x": 1, "y": "a"}, None], pa.struct([("x", pa.int32()), ("y", pa.string())])),
    "struct-of-structs": ([{"x": {"y": 1}}, None], pa.struct([("x", pa.struct([("y", pa.int32())]))])),
    "map": ([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    "map-of-lists": ([[("a", [1])], None], pa.map_(pa.string(), pa.list_(pa.int64()))),
    "map-of-structs": ([[(1, {"x": 1})], None], pa.map_(pa.int32(), pa.struct([("x", pa.int32())]))),
    "uuid": ([b"0123456789abcdef", None], pa.uuid()),
    "json": (['{"a": 1}', None], pa.json_()),
}
for name, (column, kind) in types.items():
    storage = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    array = pa.array(column, storage)
    array = pa.ExtensionArray.from_storage(kind, array) if storage is not kind else array
    schema = pa.schema([pa.field("before", pa.int32(), nullable=False), pa.field("value", kind), pa.field("after", pa.string())])
    parquet(f"type-{name}", {"before": pa.array([1, 2], pa.int32()), "value": array, "after": ["a", "b"]}, schema)

every = {name.replace("-", "_"): pa.array(column, kind) for name, (column, kind) in types.items() if name not in ("uuid", "json", "duration", "string-view")}
for version in ("1.0", "2.4", "2.6"):
    parquet(f"version-{version}", every, version=version)
parquet("without-arrow-schema", every, store_schema=False)
parquet("lists-not-compliant", {"a": pa.array([[1]], pa.list_(pa.int32()))}, use_compliant_nested_type=False)
parquet("int96", {"at": pa.array([datetime(2026, 1, 31)], pa.timestamp("us"))}, use_deprecated_int96_timestamps=True)
parquet("milliseconds", {"at": pa.array([datetime(2026, 1, 31)], pa.timestamp("us"))}, coerce_timestamps="ms")
parquet("row-groups", {"id": list(range(100))}, row_group_size=7)
parquet("no-rows", {"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
parquet("no-columns", {})
parquet("wide", {f"c{i}": [i] for i in range(60)})
parquet("names", {"": [1], "a b": [1], "a.b": [1], "ü": [1], "名前": [1], "😀": [1]})
pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], names=["a", "a"]), folder / "names-alike.parquet")
parquet("decimals-as-integers", {"a": pa.array([Decimal("1.25")], pa.decimal128(9, 2)), "b": pa.array([Decimal("1.25")], pa.decimal128(18, 2))}, store_decimal_as_integer=True)
parquet("dictionary-off", {"a": ["x", "y"]}, use_dictionary=False, compression="gzip")
geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}}
parquet("geo", {"id": [1], "geometry": pa.array([b"\1\1\0\0\0" + b"\0" * 16])}, metadata={"geo": json.dumps(geo)})
geo["columns"]["geometry"]["edges"] = "spherical"
parquet("geo-spherical", {"id": [1], "geometry": pa.array([b"\1\1\0\0\0" + b"\0" * 16])}, metadata={"geo": json.dumps(geo)})
geo["columns"] = {"geometry": {"encoding": "point", "geometry_types": ["Point"]}}
parquet("geo-native", {"geometry": pa.array([{"x": 1.0, "y": 2.0}], pa.struct([("x", pa.float64()), ("y", pa.float64())]))}, metadata={"geo": json.dumps(geo)})

database = duckdb.connect()
database.execute("SET TimeZone = 'UTC'; SET threads = 1")
for version in ("V1", "V2"):
    database.execute(
        f"""COPY (SELECT 1::TINYINT AS a, 1::UTINYINT AS b, 1::HUGEINT AS c, 1.5::DECIMAL(9, 2) AS d, DATE '2026-01-31' AS e, TIME '10:30:00' AS f,
        TIMETZ '10:30:00+00' AS g, TIMESTAMP '2026-01-31' AS h, TIMESTAMPTZ '2026-01-31' AS i, '2026-01-31'::TIMESTAMP_S AS j,
        '2026-01-31'::TIMESTAMP_MS AS k, '2026-01-31'::TIMESTAMP_NS AS l, INTERVAL 1 DAY AS m, 'x'::BLOB AS n, 'x' AS o,
        '00000000-0000-4000-8000-000000000000'::UUID AS p, '{{"a":1}}'::JSON AS q, [1, 2] AS r, {{'x': 1, 'y': [2]}} AS s, MAP {{'k': 1}} AS t,
        'a'::ENUM('a', 'b') AS u, '101'::BIT AS v, NULL AS w, 1.5::FLOAT AS x, true AS y)
        TO '{folder}/duckdb-{version.lower()}.parquet' (FORMAT parquet, PARQUET_VERSION {version})"""
    )
