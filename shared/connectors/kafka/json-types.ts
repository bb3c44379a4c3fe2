import type { Column } from '../catalog.ts';
import { listSchemaChoices, type ApplicablePart, type CollectedParts } from './json-parts.ts';

/** Returns the types that all parts allow, without null. */
export const listAllowedTypes = ({ fromTop }: CollectedParts): readonly string[] => {
  let types: readonly string[] | undefined;
  for (const part of fromTop) {
    const own = listDeclaredTypes(part)?.filter((type) => type !== 'null');
    if (own && own.length > 0) types = types ? intersectJsonTypes(types, own) : own;
  }
  return types ?? [];
};

const listDeclaredTypes = ({ at: { type } }: Pick<ApplicablePart, 'at'>): readonly string[] | undefined => {
  if (type === undefined) return undefined;
  const all: readonly unknown[] = Array.isArray(type) ? type.slice(0, MAX_JSON_TYPES) : [type];
  return all.filter((one) => typeof one === 'string');
};

/** JSON Schema has seven. */
const MAX_JSON_TYPES = 20;

/** Returns the first list when nothing is in both. An integer counts as a number. */
const intersectJsonTypes = (some: readonly string[], others: readonly string[]): readonly string[] => {
  const isIn = (type: string, all: readonly string[]) =>
    all.includes(type) || (type === 'integer' && all.includes('number'));
  const both = [...some.filter((type) => isIn(type, others)), ...others.filter((type) => isIn(type, some))];
  return both.length > 0 ? [...new Set(both)] : some;
};

/** A schema without types allows null. */
export const isNullableValue = ({ fromTop }: CollectedParts): boolean => !fromTop.some(isNullForbidden);

/** `type` wins over `enum`, which often omits null by mistake. */
const isNullForbidden = (part: ApplicablePart): boolean => {
  if (part.at['nullable'] === true) return false;
  const allowed = listDeclaredTypes(part)?.includes('null') ?? listAllowedValues(part)?.includes(null);
  if (allowed !== undefined) return !allowed && !part.isBesideNull;
  // A single alternative is already one of the parts.
  return listSchemaChoices(part).some(
    ({ real, hasNull }) => !hasNull && real.length > 1 && !real.some(canBeNull),
  );
};

/** A schema that only refers to others is treated as never null. */
const canBeNull = (one: Pick<ApplicablePart, 'at'>): boolean =>
  listDeclaredTypes(one)?.includes('null') ??
  listAllowedValues(one)?.includes(null) ??
  !['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'oneOf', 'anyOf'].some((keyword) =>
    Object.hasOwn(one.at, keyword),
  );

/** Returns the values that `enum` or `const` allows. */
export const listAllowedValues = ({ at }: Pick<ApplicablePart, 'at'>): readonly unknown[] | undefined => {
  const { enum: values } = at;
  if (Array.isArray(values)) return values;
  return 'const' in at ? [at['const']] : undefined;
};

/** Integers and floats together are floats. */
export const toJsonValuesKind = (values: readonly unknown[]): Column['kind'] => {
  const found = new Set(values.filter((value) => value !== null).map(toJsonValueKind));
  if (found.has('float')) found.delete('integer');
  const [only = 'other'] = found;
  return found.size > 1 ? 'other' : only;
};

const toJsonValueKind = (value: unknown): Column['kind'] => {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'json';
};

export const toJsonSchemaKind = (
  type: string,
  format: string | null,
  encoding: string | null,
): Column['kind'] => {
  if (type === 'string' && format !== null && Object.hasOwn(jsonFormatKinds, format))
    return jsonFormatKinds[format] ?? 'string';
  if (type === 'string' && encoding === 'base64') return 'binary';
  return (Object.hasOwn(jsonTypeKinds, type) ? jsonTypeKinds[type] : undefined) ?? 'other';
};

const jsonFormatKinds: Readonly<Record<string, Column['kind']>> = {
  date: 'date',
  time: 'time',
  'date-time': 'timestamp',
  uuid: 'uuid',
};

const jsonTypeKinds: Readonly<Record<string, Column['kind']>> = {
  string: 'string',
  integer: 'integer',
  number: 'float',
  boolean: 'boolean',
  array: 'array',
  object: 'json',
};
