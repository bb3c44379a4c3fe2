import type { Column } from '../catalog.ts';
import type { Budget } from '../../network/budget.ts';
import { costOfAType, schemaBudget } from './field.ts';
import type { Field, SchemaText } from './field.ts';
import { readTokens } from './protobuf-tokens.ts';

/** The fields of the first message of a .proto file, https://protobuf.dev/reference/protobuf/proto3-spec/: what a topic holds unless told. */
export const protobufFields = (schema: SchemaText, budget = schemaBudget()): readonly Field[] => {
  const types: Types = { named: new Map(), budget };
  const [first] = readAll(schema, types, new Set());
  return first ? fieldsOf(first, types) : [];
};

interface Types {
  readonly named: Map<string, Type>;
  readonly budget: Budget;
}
type Type = Message | { readonly is: 'enum' };
interface Message {
  readonly is: 'message';
  /** With its package and the messages that it stands in. */
  readonly path: string;
  readonly fields: Written[];
}
interface Written {
  readonly name: string;
  readonly type: string;
  readonly label: 'repeated' | 'optional' | 'required' | 'map' | 'oneof' | '';
}

/** Each once, however they refer to each other. */
const readAll = (schema: SchemaText, types: Types, known: Set<SchemaText>): readonly Message[] => {
  known.add(schema);
  for (const reference of schema.references.values())
    if (!known.has(reference)) types.budget.descend(() => readAll(reference, types, known));
  return read(readTokens(schema.text, types.budget), types);
};

/** Takes what it knows and steps over the rest. */
const read = (tokens: readonly string[], types: Types): readonly Message[] => {
  let at = 0;
  const next = () => tokens[at++] ?? '';
  const found: Message[] = [];
  let scope = '';

  /** To the end of a statement or of its block; the braces of a value within brackets are no block. */
  const skip = () => {
    for (let depth = 0, brackets = 0; at < tokens.length;) {
      const token = next();
      if (token === '{') depth += 1;
      if (token === '[') brackets += 1;
      if (token === ']') brackets -= 1;
      if (token === '}' && --depth <= 0 && brackets <= 0) return;
      if (token === ';' && depth <= 0 && brackets <= 0) return;
    }
  };
  /** Stops before the `{` of a group's body. */
  const skipOptions = () => {
    for (let depth = 0; at < tokens.length; at += 1) {
      if (depth === 0 && (tokens[at] === '{' || tokens[at] === ';')) return;
      if (tokens[at] === '[') depth += 1;
      if (tokens[at] === ']') depth -= 1;
    }
  };
  const define = (name: string, type: Type) => {
    types.budget.step(name.length); // each stands in all that it is inside of
    types.named.set(name, type);
  };
  const readEnum = (within: string) => {
    const name = next();
    define(within + name, { is: 'enum' });
    skip();
  };
  const readMessage = (within: string, depth: number): Message => {
    const name = next();
    const fields: Written[] = [];
    const message: Message = { is: 'message', path: within + name, fields };
    define(within + name, message);
    if (next() === '{') readBody(`${within}${name}.`, fields, '', depth);
    return message;
  };
  const readBody = (within: string, fields: Written[], inherited: Written['label'], depth: number) => {
    while (at < tokens.length && tokens[at] !== '}') {
      const token = next();
      if (token === ';') continue;
      if (depth > 32 || /^(option|reserved|extensions|extend)$/.test(token)) skip();
      else if (token === 'message') readMessage(within, depth + 1);
      else if (token === 'enum') readEnum(within);
      else if (token === 'oneof') {
        next();
        if (next() === '{') readBody(within, fields, 'oneof', depth + 1);
      } else readField(token, within, fields, inherited, depth);
    }
    next();
  };
  /** A field and the message that it holds, https://protobuf.dev/reference/protobuf/proto2-spec/#group_field */
  const readGroup = (within: string, fields: Written[], label: Written['label'], depth: number) => {
    const name = next();
    const group: Message = { is: 'message', path: within + name, fields: [] };
    define(within + name, group);
    fields.push({ name: name.toLowerCase(), type: name, label });
    skipOptions();
    if (next() === '{') readBody(`${within}${name}.`, group.fields, '', depth + 1);
  };
  const readField = (
    token: string,
    within: string,
    fields: Written[],
    inherited: Written['label'],
    depth: number,
  ) => {
    const label = token === 'repeated' || token === 'optional' || token === 'required' ? token : undefined;
    let type = (label === undefined ? token : next()).replace(/^\./, '');
    if (type === 'group') return readGroup(within, fields, label ?? inherited, depth);
    const isMap = type === 'map' && tokens[at] === '<';
    if (isMap) {
      next();
      const parts = [];
      while (at < tokens.length && tokens[at] !== '>') parts.push(next());
      next();
      type = `map<${parts.join('').replace(',', ', ')}>`;
    }
    const name = next();
    if (/^\w+$/.test(name) && tokens[at] === '=')
      fields.push({ name, type, label: isMap ? 'map' : (label ?? inherited) });
    skip();
  };

  while (at < tokens.length) {
    const token = next();
    if (token === 'package') {
      scope = `${next()}.`;
      skip();
    } else if (token === 'message') found.push(readMessage(scope, 0));
    else if (token === 'enum') readEnum(scope);
    else if (token !== ';') skip();
  }
  return found;
};

const fieldsOf = ({ path, fields }: Message, types: Types): Field[] =>
  fields.map(({ name, type, label }): Field => {
    const found = Object.hasOwn(scalars, type) ? undefined : lookUp(type, path, types);
    const facts = { name, default: null, comment: null };
    if (label === 'repeated') return { ...facts, type: `repeated ${type}`, kind: 'array', nullable: false };
    if (label === 'map') return { ...facts, type, kind: 'json', nullable: false };
    const nullable = label === 'optional' || label === 'oneof';
    if (found?.is === 'message' && !Object.hasOwn(wellKnown, type)) {
      const nested = { key: found, fields: () => fieldsOf(found, types) };
      return { ...facts, type, kind: 'json', nullable: label !== 'required', nested };
    }
    if (found?.is === 'enum') return { ...facts, type, kind: 'string', nullable };
    const scalar = Object.hasOwn(scalars, type) ? scalars[type] : undefined;
    if (scalar) return { ...facts, type, kind: scalar, nullable };
    const known = (Object.hasOwn(wellKnown, type) ? wellKnown[type] : undefined) ?? 'other';
    return { ...facts, type, kind: known, nullable: label !== 'required' };
  });

/** From the innermost scope outwards, as protoc does. */
const lookUp = (type: string, path: string, { named, budget }: Types): Type | undefined => {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    budget.step(costOfAType + path.length + type.length);
    const found = named.get([...parts.slice(0, length), type].join('.'));
    if (found) return found;
  }
  return named.get(type);
};

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

/** https://protobuf.dev/reference/protobuf/google.protobuf/ and https://github.com/googleapis/googleapis/tree/master/google/type */
const wellKnown: Readonly<Record<string, Column['kind']>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Struct': 'json',
  'google.protobuf.Value': 'json',
  'google.protobuf.ListValue': 'array',
  'google.protobuf.BoolValue': 'boolean',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.BytesValue': 'binary',
  'google.protobuf.DoubleValue': 'float',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.Int32Value': 'integer',
  'google.protobuf.Int64Value': 'integer',
  'google.protobuf.UInt32Value': 'integer',
  'google.protobuf.UInt64Value': 'integer',
  'google.type.Date': 'date',
  'google.type.TimeOfDay': 'time',
  'google.type.Decimal': 'decimal',
  'google.type.LatLng': 'geo',
  'confluent.type.Decimal': 'decimal',
};
