"""Prints what protoc reads in each schema of a corpus: python read_protobuf.py < corpus.json > answers.json"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor as F

SCALARS = {
    F.TYPE_DOUBLE: "double", F.TYPE_FLOAT: "float", F.TYPE_INT64: "int64", F.TYPE_UINT64: "uint64",
    F.TYPE_INT32: "int32", F.TYPE_FIXED64: "fixed64", F.TYPE_FIXED32: "fixed32", F.TYPE_BOOL: "bool",
    F.TYPE_STRING: "string", F.TYPE_BYTES: "bytes", F.TYPE_UINT32: "uint32", F.TYPE_SFIXED32: "sfixed32",
    F.TYPE_SFIXED64: "sfixed64", F.TYPE_SINT32: "sint32", F.TYPE_SINT64: "sint64",
}  # fmt: skip
KINDS = {"double": "float", "float": "float", "bool": "boolean", "string": "string", "bytes": "binary"}
WELL_KNOWN = {
    "google.protobuf.Timestamp": "timestamp", "google.protobuf.Struct": "json", "google.protobuf.Value": "json",
    "google.protobuf.ListValue": "array", "google.protobuf.BoolValue": "boolean", "google.protobuf.StringValue": "string",
    "google.protobuf.BytesValue": "binary", "google.protobuf.DoubleValue": "float", "google.protobuf.FloatValue": "float",
    "google.protobuf.Int32Value": "integer", "google.protobuf.Int64Value": "integer",
    "google.protobuf.UInt32Value": "integer", "google.protobuf.UInt64Value": "integer",
    "google.protobuf.Any": "other", "google.protobuf.Duration": "other", "google.protobuf.Empty": "other",
    "google.protobuf.FieldMask": "other", "google.type.Date": "date", "google.type.DateTime": "timestamp",
    "google.type.TimeOfDay": "time", "google.type.Decimal": "decimal", "google.type.LatLng": "geo",
    "confluent.type.Decimal": "decimal",
}  # fmt: skip
DEEPEST, MOST = 12, 2000


def is_map(field):
    return field.type == F.TYPE_MESSAGE and field.message_type.GetOptions().map_entry


def type_of(field):
    if field.message_type:
        return field.message_type.full_name
    return field.enum_type.full_name if field.enum_type else SCALARS[field.type]


def read(message, path, above, lines):
    for field in message.fields:
        if len(lines) >= MOST:
            return
        name, spelled = path + field.name, type_of(field)
        if is_map(field):
            key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
            lines.append(f"{name}: map<{type_of(key)}, {type_of(value)}> json")
        elif field.is_repeated:
            lines.append(f"{name}: repeated {spelled} array")
        else:
            kind = "json" if field.message_type else "string" if field.enum_type else KINDS.get(spelled, "integer")
            kind = WELL_KNOWN.get(spelled, kind)
            nullable = field.has_presence and not field.is_required
            lines.append(f"{name}: {spelled} {kind}{'?' if nullable else ''}")
            inner = field.message_type
            if inner and spelled not in WELL_KNOWN and inner not in above and len(above) < DEEPEST:
                read(inner, f"{name}.", [*above, inner], lines)


def main():
    given = sys.stdin.buffer.read()
    corpus = json.loads(given)
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, schema in corpus.items():
            file = pathlib.Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(schema["text"])
        for name in corpus:
            out = pathlib.Path(folder, "out.pb")
            command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--descriptor_set_out={out}"]
            ran = subprocess.run([*command, "--include_imports", name], capture_output=True, text=True)
            if ran.returncode != 0:
                answers[name] = {"error": ran.stderr.strip().splitlines()[-1][-300:] if ran.stderr else "failed"}
                continue
            files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
            pool = descriptor_pool.DescriptorPool()
            for file in files:
                pool.Add(file)
            lines = []
            messages = files[-1].message_type
            if messages:
                prefix = f"{files[-1].package}." if files[-1].package else ""
                read(pool.FindMessageTypeByName(prefix + messages[0].name), "", [], lines)
            answers[name] = {"columns": lines}
    json.dump({"sha256": hashlib.sha256(given).hexdigest(), "answers": answers}, sys.stdout, indent=1)


main()
