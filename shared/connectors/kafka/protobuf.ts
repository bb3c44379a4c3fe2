import type { Column } from '../catalog.ts';
import { costOfAType, createReading } from './field.ts';
import type { Field, SchemaText } from './field.ts';
import { readFile } from './protobuf-file.ts';
import type { Label, Message, Type, Types } from './protobuf-file.ts';
import { furnished, wellKnown } from './protobuf-known.ts';

/** Returns the fields of the file's first message, the default type of a topic. https://protobuf.dev/reference/protobuf/proto3-spec/ */
export const protobufFields = (schema: SchemaText, reading = createReading()): readonly Field[] => {
  const types: Types = { named: new Map(), ...reading };
  readFile({ text: furnished, references: new Map() }, types);
  const [first] = readAll(schema, types, new Set());
  return first ? fieldsOf(first, types) : [];
};

/** Parses each referenced schema once, because references may be circular. */
const readAll = (schema: SchemaText, types: Types, known: Set<SchemaText>): readonly Message[] => {
  known.add(schema);
  for (const reference of schema.references.values())
    if (!known.has(reference)) types.budget.descend(() => readAll(reference, types, known));
  return readFile(schema, types);
};

const fieldsOf = ({ path, fields, file }: Message, types: Types): Field[] =>
  fields.map((written): Field => {
    const { name, label: given } = written;
    const type = written.type.replace(/^\.|(?<=^map<\w+, )\./, '');
    const facts = { name, default: written.default, comment: null };
    if (given === 'map') {
      resolve(/, (.*)>$/s.exec(type)?.[1] ?? '', path, types);
      return { ...facts, type, kind: 'json', nullable: false };
    }
    const { kind, isMessage, message } = resolve(written.type, path, types);
    const label: Label = given || (file.presence ?? 'implicit');
    if (label === 'repeated') return { ...facts, type: `repeated ${type}`, kind: 'array', nullable: false };
    const nullable = label !== 'required' && (isMessage || label !== 'implicit');
    const nested = message && { keys: new Set([message]), fields: () => fieldsOf(message, types) };
    return { ...facts, type, kind, nullable, ...(nested && { nested }) };
  });

interface Resolved {
  readonly kind: Column['kind'];
  /** A message field can always be absent, whatever its label. */
  readonly isMessage: boolean;
  /** Set when the fields of the message are columns too. */
  readonly message?: Message;
}

const resolve = (type: string, path: string, types: Types): Resolved => {
  const scalar = Object.hasOwn(scalars, type) ? scalars[type] : undefined;
  if (scalar) return { kind: scalar, isMessage: false };
  const found = type.startsWith('.') ? find(type.slice(1), types) : lookUp(type, path, types);
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
const lookUp = (type: string, path: string, types: Types): Found | undefined => {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    types.budget.step(costOfAType + path.length + type.length);
    const found = find([...parts.slice(0, length), type].join('.'), types);
    if (found) return found;
  }
  return find(type, types);
};

/** A defined type, or the column kind of a well-known message. */
type Found = Type | Column['kind'];

const find = (name: string, { named }: Types): Found | undefined =>
  (Object.hasOwn(wellKnown, name) ? wellKnown[name] : undefined) ?? named.get(name);

const scalars: Readonly<Record<string, Column['kind']>> = {
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
