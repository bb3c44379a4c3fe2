import {
  SCHEMA_TYPE_COST,
  createSchemaReading,
  isJsonObject,
  parseReferencedJson,
  parseSchemaJson,
  renderSchemaDefault,
  toStringOrNull,
} from './schema-fields.ts';
import type { SchemaField, SchemaReading, SchemaText } from './schema-fields.ts';
import { avroFixedSizes, avroBaseTypes, avroPrimitiveKinds, avroLogicalKinds } from './avro-kinds.ts';

/** Returns the fields of an Avro record; any other type becomes one field, `value`. https://avro.apache.org/docs/1.12.0/specification/ */
export const parseAvroFields = (
  schema: SchemaText,
  reading = createSchemaReading(),
): readonly SchemaField[] => {
  const types: AvroTypes = { named: new Map(), ...reading };
  const parsed = parseAvroSchema(schema, types);
  const root = describeAvroType(parsed, types, '');
  return root.nested?.fields() ?? [{ name: 'value', default: null, comment: null, ...root }];
};

interface AvroTypes extends SchemaReading {
  readonly named: Map<string, AvroNamedType>;
}
interface AvroNamedType {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly namespace: string;
}
type AvroFieldType = Pick<SchemaField, 'type' | 'kind' | 'nullable' | 'nested'>;

const parseAvroSchema = (schema: SchemaText, types: AvroTypes): unknown => {
  collectReferencedTypes(schema, types, new Set([schema]));
  const parsed = parseSchemaJson(schema.text, types.budget);
  collectAvroTypes(parsed, '', types);
  return parsed;
};

/** Visits each referenced schema once, because references may be circular. */
const collectReferencedTypes = (
  { references }: SchemaText,
  types: AvroTypes,
  visited: Set<SchemaText>,
): void => {
  for (const reference of references.values()) {
    if (visited.has(reference)) continue;
    visited.add(reference);
    types.budget.descend(() => collectReferencedTypes(reference, types, visited));
    collectAvroTypes(parseReferencedJson(reference.text, types), '', types);
  }
};

/** Collects every named type first, because a schema may use a name before it defines it. */
const collectAvroTypes = (schema: unknown, namespace: string, types: AvroTypes): void => {
  types.budget.step();
  if (Array.isArray(schema)) return schema.forEach((one) => collectAvroTypes(one, namespace, types));
  if (!isJsonObject(schema)) return;
  const ownNamespace = resolveAvroNamespace(schema, namespace);
  if (typeof schema['name'] === 'string' && /^(record|error|enum|fixed)$/.test(String(schema['type'])))
    types.named.set(toAvroFullName(schema['name'], ownNamespace), { schema, namespace: ownNamespace });
  for (const part of [schema['type'], schema['items'], schema['values']])
    if (typeof part === 'object') collectAvroTypes(part, ownNamespace, types);
  if (Array.isArray(schema['fields']))
    for (const field of schema['fields'])
      if (isJsonObject(field)) collectAvroTypes(field['type'], ownNamespace, types);
};

const resolveAvroNamespace = (
  { name, namespace, type }: Readonly<Record<string, unknown>>,
  outer: string,
): string => {
  if (!/^(record|error|enum|fixed)$/.test(String(type))) return outer;
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof namespace === 'string' ? namespace : outer;
};

const toAvroFullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const describeAvroType = (schema: unknown, types: AvroTypes, namespace: string): AvroFieldType => {
  types.budget.step(SCHEMA_TYPE_COST);
  if (Array.isArray(schema)) return describeAvroUnion(schema, types, namespace);
  if (typeof schema === 'string') {
    const kind = Object.hasOwn(avroPrimitiveKinds, schema) ? avroPrimitiveKinds[schema] : undefined;
    if (kind) return { type: schema, kind, nullable: schema === 'null' };
    const named = types.named.get(toAvroFullName(schema, namespace)) ?? types.named.get(schema);
    if (named) return describeComplexType(named.schema, types, named.namespace);
    types.leaveOut('unresolved', schema);
    return { type: schema, kind: 'other', nullable: false };
  }
  if (!isJsonObject(schema)) {
    types.leaveOut('unreadable');
    return { type: 'unknown', kind: 'other', nullable: false };
  }
  return describeComplexType(schema, types, resolveAvroNamespace(schema, namespace));
};

const describeComplexType = (
  schema: Readonly<Record<string, unknown>>,
  types: AvroTypes,
  namespace: string,
): AvroFieldType => {
  const { type, logicalType: logical } = schema;
  if (typeof logical === 'string' && isValidAvroLogicalType(logical, schema)) {
    const kind = avroLogicalKinds[logical] ?? 'other';
    const typeName =
      logical === 'decimal'
        ? `decimal(${Number(schema['precision'])},${Number(schema['scale'] ?? 0)})`
        : logical;
    return { type: typeName, kind, nullable: false };
  }
  switch (type) {
    case 'record':
    case 'error': {
      const fields = () => readAvroRecordFields(schema, types, namespace);
      return {
        type: toAvroTypeName(schema),
        kind: 'json',
        nullable: false,
        nested: { keys: new Set([schema]), fields },
      };
    }
    case 'enum':
      return { type: toAvroTypeName(schema), kind: 'string', nullable: false };
    case 'fixed':
      if (!Number.isInteger(schema['size'])) types.leaveOut('unreadable');
      return { type: `fixed(${Number(schema['size'])})`, kind: 'binary', nullable: false };
    case 'array':
      return {
        type: `array<${describeItemType(schema['items'], types, namespace)}>`,
        kind: 'array',
        nullable: false,
      };
    case 'map':
      return {
        type: `map<${describeItemType(schema['values'], types, namespace)}>`,
        kind: 'json',
        nullable: false,
      };
    default:
      return describeAvroType(type, types, namespace);
  }
};

/** Readers ignore a logical type that does not fit its underlying type. https://avro.apache.org/docs/1.12.0/specification/#logical-types */
const isValidAvroLogicalType = (logical: string, schema: Readonly<Record<string, unknown>>): boolean => {
  const { type, size } = unwrapAvroType(schema);
  if (!Object.hasOwn(avroLogicalKinds, logical) || typeof type !== 'string') return false;
  if (logical === 'decimal') return isValidAvroDecimal(schema, type, size);
  if (type === 'fixed') return size === avroFixedSizes[logical];
  return type === avroBaseTypes[logical];
};

/** `{"type": {"type": "int"}}` means `int`. */
const unwrapAvroType = (schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  isJsonObject(schema['type']) ? unwrapAvroType(schema['type']) : schema;

const isValidAvroDecimal = (
  { precision, scale = 0 }: Readonly<Record<string, unknown>>,
  type: string,
  size: unknown,
): boolean => {
  if (type !== 'bytes' && type !== 'fixed') return false;
  if (!Number.isInteger(precision) || !Number.isInteger(scale)) return false;
  const maxDigits = type === 'fixed' ? Math.floor(Math.log10(2) * (8 * Number(size) - 1)) : Infinity;
  const digits = Number(precision);
  return digits > 0 && digits <= maxDigits && Number(scale) >= 0 && Number(scale) <= digits;
};

const describeItemType = (schema: unknown, types: AvroTypes, namespace: string): string =>
  types.budget.descend(() => describeAvroType(schema, types, namespace)).type;

const describeAvroUnion = (
  branches: readonly unknown[],
  types: AvroTypes,
  namespace: string,
): AvroFieldType => {
  const others = branches.filter((branch) => branch !== 'null');
  const nullable = others.length < branches.length;
  if (others.length === 1) return { ...describeAvroType(others[0], types, namespace), nullable };
  if (others.length === 0) return describeAvroType('null', types, namespace);
  const names = others.map((branch) => describeAvroType(branch, types, namespace).type);
  return { type: `union<${names.join(',')}>`, kind: 'other', nullable };
};

const readAvroRecordFields = (
  { fields }: Readonly<Record<string, unknown>>,
  types: AvroTypes,
  namespace: string,
): SchemaField[] => {
  if (!Array.isArray(fields)) types.leaveOut('unreadable');
  return (Array.isArray(fields) ? fields : []).flatMap((field: unknown) => {
    types.budget.step();
    if (!isJsonObject(field) || typeof field['name'] !== 'string') {
      types.leaveOut('unreadable');
      return [];
    }
    const { name, doc, type, default: given } = field;
    const column = describeAvroType(type, types, namespace);
    return [
      { name, ...column, default: renderSchemaDefault(given, types.budget), comment: toStringOrNull(doc) },
    ];
  });
};

const toAvroTypeName = ({ name }: Readonly<Record<string, unknown>>): string =>
  typeof name === 'string' ? name.slice(name.lastIndexOf('.') + 1) : 'record';
