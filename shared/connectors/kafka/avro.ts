import type { Column } from '../catalog.ts';
import { costOfAType, createReading, isObject, parseReferred, parseSchema, shown, textOf } from './field.ts';
import type { Field, Reading, SchemaText } from './field.ts';

/** Returns the fields of an Avro record; any other type becomes one field, `value`. https://avro.apache.org/docs/1.12.0/specification/ */
export const avroFields = (schema: SchemaText, reading = createReading()): readonly Field[] => {
  const types: Types = { named: new Map(), ...reading };
  const parsed = readAll(schema, types);
  const root = described(parsed, types, '');
  return root.nested?.fields() ?? [{ name: 'value', default: null, comment: null, ...root }];
};

interface Types extends Reading {
  readonly named: Map<string, Named>;
}
interface Named {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly namespace: string;
}
type Described = Pick<Field, 'type' | 'kind' | 'nullable' | 'nested'>;

const readAll = (schema: SchemaText, types: Types): unknown => {
  readReferences(schema, types, new Set([schema]));
  const parsed = parseSchema(schema.text, types.budget);
  collect(parsed, '', types);
  return parsed;
};

/** Visits each referenced schema once, because references may be circular. */
const readReferences = ({ references }: SchemaText, types: Types, read: Set<SchemaText>): void => {
  for (const reference of references.values()) {
    if (read.has(reference)) continue;
    read.add(reference);
    types.budget.descend(() => readReferences(reference, types, read));
    collect(parseReferred(reference.text, types), '', types);
  }
};

/** Collects every named type first, because a schema may use a name before it defines it. */
const collect = (schema: unknown, namespace: string, types: Types): void => {
  types.budget.step();
  if (Array.isArray(schema)) return schema.forEach((one) => collect(one, namespace, types));
  if (!isObject(schema)) return;
  const within = namespaceOf(schema, namespace);
  if (typeof schema['name'] === 'string' && /^(record|error|enum|fixed)$/.test(String(schema['type'])))
    types.named.set(fullName(schema['name'], within), { schema, namespace: within });
  for (const part of [schema['type'], schema['items'], schema['values']])
    if (typeof part === 'object') collect(part, within, types);
  if (Array.isArray(schema['fields']))
    for (const field of schema['fields']) if (isObject(field)) collect(field['type'], within, types);
};

const namespaceOf = ({ name, namespace, type }: Readonly<Record<string, unknown>>, outer: string): string => {
  if (!/^(record|error|enum|fixed)$/.test(String(type))) return outer;
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof namespace === 'string' ? namespace : outer;
};

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const described = (schema: unknown, types: Types, namespace: string): Described => {
  types.budget.step(costOfAType);
  if (Array.isArray(schema)) return union(schema, types, namespace);
  if (typeof schema === 'string') {
    const kind = Object.hasOwn(primitives, schema) ? primitives[schema] : undefined;
    if (kind) return { type: schema, kind, nullable: schema === 'null' };
    const named = types.named.get(fullName(schema, namespace)) ?? types.named.get(schema);
    if (named) return complex(named.schema, types, named.namespace);
    types.leaveOut('unresolved', schema);
    return { type: schema, kind: 'other', nullable: false };
  }
  if (!isObject(schema)) {
    types.leaveOut('unreadable');
    return { type: 'unknown', kind: 'other', nullable: false };
  }
  return complex(schema, types, namespaceOf(schema, namespace));
};

const complex = (schema: Readonly<Record<string, unknown>>, types: Types, namespace: string): Described => {
  const { type, logicalType: logical } = schema;
  if (typeof logical === 'string' && isValidLogicalType(logical, schema)) {
    const kind = logicals[logical] ?? 'other';
    const of =
      logical === 'decimal'
        ? `decimal(${Number(schema['precision'])},${Number(schema['scale'] ?? 0)})`
        : logical;
    return { type: of, kind, nullable: false };
  }
  switch (type) {
    case 'record':
    case 'error': {
      const fields = () => recordFields(schema, types, namespace);
      return {
        type: nameOf(schema),
        kind: 'json',
        nullable: false,
        nested: { keys: new Set([schema]), fields },
      };
    }
    case 'enum':
      return { type: nameOf(schema), kind: 'string', nullable: false };
    case 'fixed':
      if (!Number.isInteger(schema['size'])) types.leaveOut('unreadable');
      return { type: `fixed(${Number(schema['size'])})`, kind: 'binary', nullable: false };
    case 'array':
      return { type: `array<${inner(schema['items'], types, namespace)}>`, kind: 'array', nullable: false };
    case 'map':
      return { type: `map<${inner(schema['values'], types, namespace)}>`, kind: 'json', nullable: false };
    default:
      return described(type, types, namespace);
  }
};

/** Readers ignore a logical type that does not fit its underlying type. https://avro.apache.org/docs/1.12.0/specification/#logical-types */
const isValidLogicalType = (logical: string, schema: Readonly<Record<string, unknown>>): boolean => {
  const { type, size } = unwrap(schema);
  if (!Object.hasOwn(logicals, logical) || typeof type !== 'string') return false;
  if (logical === 'decimal') return isValidDecimal(schema, type, size);
  if (type === 'fixed') return size === fixedSizes[logical];
  return type === annotated[logical];
};

/** `{"type": {"type": "int"}}` means `int`. */
const unwrap = (schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  isObject(schema['type']) ? unwrap(schema['type']) : schema;

const isValidDecimal = (
  { precision, scale = 0 }: Readonly<Record<string, unknown>>,
  type: string,
  size: unknown,
): boolean => {
  if (type !== 'bytes' && type !== 'fixed') return false;
  if (!Number.isInteger(precision) || !Number.isInteger(scale)) return false;
  const most = type === 'fixed' ? Math.floor(Math.log10(2) * (8 * Number(size) - 1)) : Infinity;
  const digits = Number(precision);
  return digits > 0 && digits <= most && Number(scale) >= 0 && Number(scale) <= digits;
};

/** In bytes. */
const fixedSizes: Readonly<Record<string, number>> = { uuid: 16, duration: 12 };

const annotated: Readonly<Record<string, string>> = {
  'big-decimal': 'bytes',
  uuid: 'string',
  date: 'int',
  'time-millis': 'int',
  'time-micros': 'long',
  'timestamp-millis': 'long',
  'timestamp-micros': 'long',
  'timestamp-nanos': 'long',
  'local-timestamp-millis': 'long',
  'local-timestamp-micros': 'long',
  'local-timestamp-nanos': 'long',
};

const inner = (schema: unknown, types: Types, namespace: string): string =>
  types.budget.descend(() => described(schema, types, namespace)).type;

const union = (branches: readonly unknown[], types: Types, namespace: string): Described => {
  const others = branches.filter((branch) => branch !== 'null');
  const nullable = others.length < branches.length;
  if (others.length === 1) return { ...described(others[0], types, namespace), nullable };
  if (others.length === 0) return described('null', types, namespace);
  const names = others.map((branch) => described(branch, types, namespace).type);
  return { type: `union<${names.join(',')}>`, kind: 'other', nullable };
};

const recordFields = (
  { fields }: Readonly<Record<string, unknown>>,
  types: Types,
  namespace: string,
): Field[] => {
  if (!Array.isArray(fields)) types.leaveOut('unreadable');
  return (Array.isArray(fields) ? fields : []).flatMap((field: unknown) => {
    types.budget.step();
    if (!isObject(field) || typeof field['name'] !== 'string') {
      types.leaveOut('unreadable');
      return [];
    }
    const { name, doc, type, default: given } = field;
    const column = described(type, types, namespace);
    return [{ name, ...column, default: shown(given, types.budget), comment: textOf(doc) }];
  });
};

const nameOf = ({ name }: Readonly<Record<string, unknown>>): string =>
  typeof name === 'string' ? name.slice(name.lastIndexOf('.') + 1) : 'record';

const primitives: Readonly<Record<string, Column['kind']>> = {
  null: 'other',
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  bytes: 'binary',
  string: 'string',
};

const logicals: Readonly<Record<string, Column['kind']>> = {
  decimal: 'decimal',
  'big-decimal': 'decimal',
  uuid: 'uuid',
  date: 'date',
  'time-millis': 'time',
  'time-micros': 'time',
  'timestamp-millis': 'timestamp',
  'timestamp-micros': 'timestamp',
  'timestamp-nanos': 'timestamp',
  'local-timestamp-millis': 'timestamp',
  'local-timestamp-micros': 'timestamp',
  'local-timestamp-nanos': 'timestamp',
  duration: 'other',
};
