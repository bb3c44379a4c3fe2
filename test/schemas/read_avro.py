"""Prints what fastavro reads in each schema of a corpus: python read_avro.py < corpus.json > answers.json"""

import hashlib
import json
import sys

from fastavro.read import LOGICAL_READERS
from fastavro.schema import parse_schema

KINDS = {
    "null": "other", "boolean": "boolean", "int": "integer", "long": "integer", "float": "float", "double": "float",
    "bytes": "binary", "string": "string",
}  # fmt: skip
LOGICAL = {
    "decimal": "decimal", "uuid": "uuid", "date": "date", "time-millis": "time", "time-micros": "time",
    "timestamp-millis": "timestamp", "timestamp-micros": "timestamp", "timestamp-nanos": "timestamp",
    "local-timestamp-millis": "timestamp", "local-timestamp-micros": "timestamp", "local-timestamp-nanos": "timestamp",
}  # fmt: skip
DEEPEST, MOST = 12, 2000


def short(name):
    return name.rpartition(".")[2]


def describe(schema, named):
    """Returns the type, the kind, whether null is allowed, and the record if it is one."""
    if isinstance(schema, list):
        others = [one for one in schema if one != "null"]
        if len(others) == 1:
            return (*describe(others[0], named)[:2], len(others) < len(schema), describe(others[0], named)[3])
        if not others:
            return ("null", "other", True, None)
        return (f"union<{','.join(describe(one, named)[0] for one in others)}>", "other", len(others) < len(schema), None)
    if isinstance(schema, str):
        return describe(named[schema], named) if schema not in KINDS else (schema, KINDS[schema], schema == "null", None)
    kind = schema["type"]
    logical = schema.get("logicalType")
    if isinstance(kind, str) and logical in LOGICAL and f"{kind}-{logical}" in LOGICAL_READERS:
        fits = logical != "uuid" or kind == "string" or schema.get("size") == 16
        if logical == "decimal":
            digits, scale = schema.get("precision"), schema.get("scale", 0)
            fits = isinstance(digits, int) and digits > 0 and 0 <= scale <= digits
            logical = f"decimal({digits},{scale})"
        if fits:
            return (logical, LOGICAL[schema["logicalType"]], False, None)
    if kind in ("record", "error"):
        return (short(schema["name"]), "json", False, schema)
    if kind == "enum":
        return (short(schema["name"]), "string", False, None)
    if kind == "fixed":
        return (f"fixed({schema['size']})", "binary", False, None)
    if kind == "array":
        return (f"array<{describe(schema['items'], named)[0]}>", "array", False, None)
    if kind == "map":
        return (f"map<{describe(schema['values'], named)[0]}>", "json", False, None)
    return describe(kind, named)


def read(record, path, above, named, lines):
    for field in record["fields"]:
        if len(lines) >= MOST:
            return
        kind, of, nullable, inner = describe(field["type"], named)
        lines.append(f"{path}{field['name']}: {kind} {of}{'?' if nullable else ''}")
        if inner and inner["name"] not in above and len(above) < DEEPEST:
            read(inner, f"{path}{field['name']}.", [*above, inner["name"]], named, lines)


def parse(name, corpus, named, parsed):
    if name not in parsed:
        for reference in corpus[name]["references"]:
            parse(reference, corpus, named, parsed)
        parsed[name] = parse_schema(json.loads(corpus[name]["text"]), named)
    return parsed[name]


def main():
    given = sys.stdin.buffer.read()
    corpus = json.loads(given)
    answers = {}
    for name in corpus:
        try:
            named, lines = {}, []
            schema = parse(name, corpus, named, {})
            kind, of, nullable, record = describe(schema, named)
            if record:
                read(record, "", [], named, lines)
            else:
                lines.append(f"value: {kind} {of}{'?' if nullable else ''}")
            answers[name] = {"columns": lines}
        except Exception as error:  # whatever is not valid is no matter of ours
            answers[name] = {"error": f"{type(error).__name__}: {error}"[:300]}
    json.dump({"sha256": hashlib.sha256(given).hexdigest(), "answers": answers}, sys.stdout, indent=1)


main()
