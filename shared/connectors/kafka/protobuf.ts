import type { Column } from '../catalog.ts';
import { SCHEMA_TYPE_COST, createSchemaReading } from './schema-fields.ts';
import type { SchemaField, SchemaText } from './schema-fields.ts';
import { parseProtobufFile } from './protobuf-file.ts';
import type { ProtobufLabel, ProtobufMessage, ProtobufType, ProtobufTypes } from './protobuf-file.ts';
import { builtInProtobufTypes, wellKnownTypeKinds } from './protobuf-known-types.ts';

/** Returns the fields of the file's first message, the default type of a topic. https://protobuf.dev/reference/protobuf/proto3-spec/ */
export const parseProtobufFields = (
  schema: SchemaText,
  reading = createSchemaReading(),
): readonly SchemaField[] => {
  const types: ProtobufTypes = { named: new Map(), ...reading };
  parseProtobufFile({ text: builtInProtobufTypes, references: new Map() }, types);
  const [first] = parseProtobufSchema(schema, types, new Set());
  return first ? toProtobufFields(first, types) : [];
};

/** Parses each referenced schema once, because references may be circular. */
const parseProtobufSchema = (
  schema: SchemaText,
  types: ProtobufTypes,
  known: Set<SchemaText>,
): readonly ProtobufMessage[] => {
  known.add(schema);
  for (const reference of schema.references.values())
    if (!known.has(reference)) types.budget.descend(() => parseProtobufSchema(reference, types, known));
  return parseProtobufFile(schema, types);
};

const toProtobufFields = ({ path, fields, file }: ProtobufMessage, types: ProtobufTypes): SchemaField[] =>
  fields.map((written): SchemaField => {
    const { name, label: given } = written;
    const type = written.type.replace(/^\.|(?<=^map<\w+, )\./, '');
    const facts = { name, default: written.default, comment: null };
    if (given === 'map') {
      resolveProtobufType(/, (.*)>$/s.exec(type)?.[1] ?? '', path, types);
      return { ...facts, type, kind: 'json', nullable: false };
    }
    const { kind, isMessage, message } = resolveProtobufType(written.type, path, types);
    const label: ProtobufLabel = given || (file.presence ?? 'implicit');
    if (label === 'repeated') return { ...facts, type: `repeated ${type}`, kind: 'array', nullable: false };
    const nullable = label !== 'required' && (isMessage || label !== 'implicit');
    const nested = message && { keys: new Set([message]), fields: () => toProtobufFields(message, types) };
    return { ...facts, type, kind, nullable, ...(nested && { nested }) };
  });

interface ResolvedProtobufType {
  readonly kind: Column['kind'];
  /** A message field can always be absent, whatever its label. */
  readonly isMessage: boolean;
  /** Set when the fields of the message are columns too. */
  readonly message?: ProtobufMessage;
}

const resolveProtobufType = (type: string, path: string, types: ProtobufTypes): ResolvedProtobufType => {
  const scalar = Object.hasOwn(protobufScalarKinds, type) ? protobufScalarKinds[type] : undefined;
  if (scalar) return { kind: scalar, isMessage: false };
  const found = type.startsWith('.')
    ? findProtobufType(type.slice(1), types)
    : resolveProtobufName(type, path, types);
  if (found === undefined) {
    types.leaveOut('unresolved', type.replace(/^\./, ''));
    return { kind: 'other', isMessage: true };
  }
  if (typeof found === 'string') return { kind: found, isMessage: true };
  return found.is === 'enum'
    ? { kind: 'string', isMessage: false }
    : { kind: 'json', isMessage: true, message: found };
};

/** Searches from the innermost scope outwards, as protoc does. */
const resolveProtobufName = (
  type: string,
  path: string,
  types: ProtobufTypes,
): FoundProtobufType | undefined => {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    types.budget.step(SCHEMA_TYPE_COST + path.length + type.length);
    const found = findProtobufType([...parts.slice(0, length), type].join('.'), types);
    if (found) return found;
  }
  return findProtobufType(type, types);
};

/** A defined type, or the column kind of a well-known message. */
type FoundProtobufType = ProtobufType | Column['kind'];

const findProtobufType = (name: string, { named }: ProtobufTypes): FoundProtobufType | undefined =>
  (Object.hasOwn(wellKnownTypeKinds, name) ? wellKnownTypeKinds[name] : undefined) ?? named.get(name);

const protobufScalarKinds: Readonly<Record<string, Column['kind']>> = {
  double: 'float',
  float: 'float',
  ...Object.fromEntries(
    'int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64'
      .split(' ')
      .map((type) => [type, 'integer' as const]),
  ),
  bool: 'boolean',
  string: 'string',
  bytes: 'binary',
};
