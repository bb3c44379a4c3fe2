"""Prints what an independent reader finds in each schema of a corpus: python read_json_schema.py < corpus.json > answers.json

The library `referencing` resolves references and identifiers. This file combines schemas that apply together.
"""

import hashlib
import json
import sys

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012

DRAFTS = {"draft-04": DRAFT4, "draft-06": DRAFT6, "draft-07": DRAFT7, "2019-09": DRAFT201909, "2020-12": DRAFT202012}
FORMATS = {"date": "date", "time": "time", "date-time": "timestamp", "uuid": "uuid"}
KINDS = {
    "string": "string", "integer": "integer", "number": "float", "boolean": "boolean", "array": "array", "object": "json",
}  # fmt: skip
DEEPEST, MOST = 12, 2000
META = {"type": ["object", "boolean"]}


def draft_of(schema):
    dialect = schema.get("$schema", "") if isinstance(schema, dict) else ""
    return next((draft for word, draft in DRAFTS.items() if word in str(dialect)), DRAFT7)


def objects(value):
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def values(value):
    return [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []


def only_null(schema):
    return schema.get("type") == "null" or schema.get("const", 0) is None or schema.get("enum") == [None]


def top(parts):
    """Sorts the parts as they were met, so that a schema comes before those that it builds upon."""
    return sorted(parts, key=lambda part: part[3])


class Reader:
    def __init__(self, draft):
        self.modern = draft in (DRAFT201909, DRAFT202012)
        self.unresolved = False
        self.count = 0

    def gather(self, schema, resolver, beside_null=False, seen=None):
        """Returns every schema that applies at the same time, each with its resolver. A schema comes before those that build upon it."""
        seen = set() if seen is None else seen
        if id(schema) in seen:
            return []
        seen.add(id(schema))
        self.count += 1
        number = self.count
        resolver = resolver.in_subresource(Resource(schema, DRAFT202012 if self.modern else DRAFT7))
        below = []
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(keyword), str):
                below += self.follow(schema[keyword], resolver, beside_null, seen)
        own = schema
        if "$ref" in schema and not self.modern:
            own = {}
        for part in objects(own.get("allOf")):
            below += self.gather(part, resolver, beside_null, seen)
        for keyword in ("oneOf", "anyOf"):
            choices = objects(own.get(keyword))
            real = [one for one in choices if not only_null(one)]
            if len(real) == 1:
                below += self.gather(real[0], resolver, beside_null or len(real) < len(choices), seen)
        return [*below, (own, resolver, beside_null, number)]

    def follow(self, reference, resolver, beside_null, seen):
        try:
            if "json-schema.org/" in reference:
                return [(META, resolver, beside_null, self.count)]
            found = resolver.lookup(reference)
        except (Unresolvable, ValueError, KeyError, TypeError, AttributeError):
            self.unresolved = True
            return []
        if not isinstance(found.contents, dict):
            return []
        return self.gather(found.contents, found.resolver, beside_null, seen)

    def describe(self, parts, above=()):
        """Returns the type, the kind, whether null is allowed, and the parts of an object."""
        stated = [[one for one in as_list(own["type"]) if one != "null"] for own, *_ in top(parts) if "type" in own]
        types = None
        for some in [one for one in stated if one]:
            types = some if types is None else (both(types, some) or types)
        types = types or []
        nullable = null_allowed(parts)
        spelled = "|".join(types)
        if (not types or "object" in types) and any(isinstance(own.get("properties"), dict) for own, *_ in parts):
            return (spelled or "object", "json", nullable, parts)
        if "object" in types and any(
            "$ref" in one or "properties" in one for own, *_ in parts for group, _ in branches(own) for one in group
        ):
            return (spelled, "json", nullable, parts)
        if not types:
            return (*self.untyped(parts), nullable, None)
        if types == ["array"]:
            items = [(own["items"], resolver) for own, resolver, *_ in top(parts) if isinstance(own.get("items"), dict)]
            if not items or id(items[0][0]) in above or len(above) >= DEEPEST:
                return ("array", "array", nullable, None)
            gathered = [part for one, resolver in items for part in self.gather(one, resolver)]
            return (f"array<{self.describe(gathered, (*above, id(items[0][0])))[0]}>", "array", nullable, None)
        form = next((own["format"] for own, *_ in top(parts) if isinstance(own.get("format"), str)), None)
        encoded = any(own.get("contentEncoding") == "base64" for own, *_ in parts)
        kind = KINDS.get(spelled, "other")
        if spelled == "string":
            kind = FORMATS.get(form, "binary" if encoded else "string")
        return (f"{spelled}({form})" if form is not None else spelled, kind, nullable, None)

    def untyped(self, parts):
        for own, *_ in top(parts):
            if isinstance(own.get("enum"), list) or "const" in own:
                return ("enum", kind_of(own["enum"] if isinstance(own.get("enum"), list) else [own["const"]]))
        for own, *_ in top(parts):
            for group, is_choice in branches(own):
                if is_choice:
                    given = [one["enum"] if "enum" in one else [one["const"]] if "const" in one else None for one in group]
                    if None in given:
                        return ("oneOf", "other")
                    return ("enum", kind_of([value for some in given for value in some]))
        return ("any", "other")

    def fields(self, parts, above=()):
        """Returns (type, kind, nullable, parts) by name."""
        found, required = {}, set()
        for own, resolver, *_ in parts:
            for name, schema in (own.get("properties") or {}).items() if isinstance(own.get("properties"), dict) else ():
                known = found.pop(name, [])
                if schema is not False:
                    found[name] = known + [(schema if isinstance(schema, dict) else {}, resolver)]
            required |= {one for one in as_list(own.get("required", [])) if isinstance(one, str)}
        result = {}
        for name, schemas in found.items():
            gathered, seen = [], set()
            for schema, resolver in reversed(schemas):
                gathered = self.gather(schema, resolver, False, seen) + gathered
            kind = self.describe(gathered)
            result[name] = (*kind[:2], kind[2] or name not in required, [kind[3]] if kind[3] else [])
        groups = []
        for own, resolver, *_ in top(parts):
            for group, is_choice in branches(own):
                open_ones = [one for one in group if id(one) not in above]
                every = [self.fields(self.gather(one, resolver), (*above, id(one))) for one in open_ones]
                groups.append(merge(every, is_choice and len(open_ones) == len(group)))
        for group in groups:
            for name, field in group.items():
                if name in found:
                    continue
                result[name] = join(result[name], field, result[name][2] and field[2]) if name in result else field
        return result

    def read(self, fields, path, above, lines):
        for name, (spelled, kind, nullable, inner) in fields.items():
            if len(lines) >= MOST:
                return
            lines.append(f"{path}{name}: {spelled} {kind}{'?' if nullable else ''}")
            if inner:
                key = {next((id(own) for own, *_ in top(one) if isinstance(own.get("properties"), dict)), 0) for one in inner}
                if key not in above and len(above) < DEEPEST:
                    opened = self.fields(inner[0])
                    for more in inner[1:]:
                        opened = merge([opened, self.fields(more)], True)
                    self.read(opened, f"{path}{name}.", [*above, key], lines)


def as_list(value):
    return value if isinstance(value, list) else [value]


def both(some, others):
    def allowed(one, among):
        return one in among or (one == "integer" and "number" in among)

    return list(dict.fromkeys([one for one in some if allowed(one, others)] + [one for one in others if allowed(one, some)]))


def may_be_null(own):
    if "type" in own:
        return "null" in as_list(own["type"])
    if isinstance(own.get("enum"), list) or "const" in own:
        return None in (own["enum"] if isinstance(own.get("enum"), list) else [own["const"]])
    return not any(word in own for word in ("$ref", "$dynamicRef", "$recursiveRef", "allOf", "oneOf", "anyOf"))


def null_allowed(parts):
    """A schema without a type allows null."""
    verdicts = set()
    for own, _, beside_null, _ in parts:
        listed = own.get("enum") if isinstance(own.get("enum"), list) else [own["const"]] if "const" in own else None
        if own.get("nullable") is True:
            verdicts.add(True)
        elif "type" in own or listed is not None:
            allowed = "null" in as_list(own["type"]) if "type" in own else None in listed
            if allowed or not beside_null:
                verdicts.add(allowed)
        else:
            for key in ("oneOf", "anyOf"):
                choices = objects(own.get(key))
                real = [one for one in choices if not only_null(one)]
                if len(real) == len(choices) and len(real) > 1:
                    verdicts.add(any(may_be_null(one) for one in real))
    return False not in verdicts


def kind_of(some):
    kinds = set()
    for value in some:
        if isinstance(value, bool):
            kinds.add("boolean")
        elif isinstance(value, (int, float)):
            kinds.add("integer" if value == int(value) else "float")
        elif value is not None:
            kinds.add({str: "string", list: "array"}.get(type(value), "json"))
    if "float" in kinds:
        kinds.discard("integer")
    return kinds.pop() if len(kinds) == 1 else "other"


def branches(own):
    for keyword in ("oneOf", "anyOf"):
        real = [one for one in objects(own.get(keyword)) if not only_null(one)]
        if len(real) > 1:
            yield real, True
    rest = [one for one in (own.get("then"), own.get("else")) if isinstance(one, dict)]
    rest += values(own.get("dependentSchemas")) + values(own.get("dependencies"))
    if rest:
        yield rest, False


def join(one, other, nullable):
    spelled = one[0] if one[0] == other[0] else "oneOf"
    return (spelled, one[1] if one[1] == other[1] else "other", nullable, one[3] + [more for more in other[3] if more not in one[3]])


def merge(groups, every):
    result, count = {}, {}
    for group in groups:
        for name, field in group.items():
            count[name] = count.get(name, 0) + 1
            result[name] = join(result[name], field, result[name][2] or field[2]) if name in result else field
    return {
        name: (*field[:2], field[2] or not every or count[name] < len(groups), field[3]) for name, field in result.items()
    }


def main():
    given = sys.stdin.buffer.read()
    corpus = json.loads(given)
    answers = {}
    for name, schema in corpus.items():
        try:
            root = json.loads(schema["text"])
            registry = Registry()
            draft = draft_of(root)
            for reference in schema["references"]:
                contents = json.loads(corpus[reference]["text"])
                registry = registry.with_resource(reference, Resource(contents, draft_of(contents)))
            resource = Resource(root, draft)
            uri = resource.id() or ""
            resolver = registry.with_resource(uri, resource).resolver(uri)
            reader, lines = Reader(draft), []
            spelled, kind, nullable, inner = reader.describe(reader.gather(root if isinstance(root, dict) else {}, resolver))
            if inner:
                reader.read(reader.fields(inner), "", [], lines)
            else:
                lines.append(f"value: {spelled} {kind}{'?' if nullable else ''}")
            answers[name] = {"columns": lines, **({"unresolved": True} if reader.unresolved else {})}
        except (RecursionError, ValueError) as error:
            answers[name] = {"error": f"{type(error).__name__}: {error}"[:300]}
    json.dump({"sha256": hashlib.sha256(given).hexdigest(), "answers": answers}, sys.stdout, indent=1)


main()
