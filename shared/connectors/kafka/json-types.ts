import type { Column } from '../catalog.ts';
import { listChoices, type Holding, type Whole } from './json-parts.ts';

/** Returns the types that all parts allow, without null. */
export const readTypes = ({ fromTop }: Whole): readonly string[] => {
  let types: readonly string[] | undefined;
  for (const part of fromTop) {
    const own = listTypes(part)?.filter((type) => type !== 'null');
    if (own && own.length > 0) types = types ? intersect(types, own) : own;
  }
  return types ?? [];
};

const listTypes = ({ at: { type } }: Pick<Holding, 'at'>): readonly string[] | undefined => {
  if (type === undefined) return undefined;
  const all: readonly unknown[] = Array.isArray(type) ? type.slice(0, mostTypes) : [type];
  return all.filter((one) => typeof one === 'string');
};

/** JSON Schema has seven. */
const mostTypes = 20;

/** Returns the first list when nothing is in both. An integer counts as a number. */
const intersect = (some: readonly string[], others: readonly string[]): readonly string[] => {
  const isIn = (type: string, all: readonly string[]) =>
    all.includes(type) || (type === 'integer' && all.includes('number'));
  const both = [...some.filter((type) => isIn(type, others)), ...others.filter((type) => isIn(type, some))];
  return both.length > 0 ? [...new Set(both)] : some;
};

/** A schema without types allows null. */
export const isNullable = ({ fromTop }: Whole): boolean => !fromTop.some(forbidsNull);

/** `type` wins over `enum`, which often omits null by mistake. */
const forbidsNull = (part: Holding): boolean => {
  if (part.at['nullable'] === true) return false;
  const allowed = listTypes(part)?.includes('null') ?? listValues(part)?.includes(null);
  if (allowed !== undefined) return !allowed && !part.isBesideNull;
  // A single alternative is already one of the parts.
  return listChoices(part).some(({ real, hasNull }) => !hasNull && real.length > 1 && !real.some(mayBeNull));
};

/** A schema that only refers to others is treated as never null. */
const mayBeNull = (one: Pick<Holding, 'at'>): boolean =>
  listTypes(one)?.includes('null') ??
  listValues(one)?.includes(null) ??
  !['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'oneOf', 'anyOf'].some((keyword) =>
    Object.hasOwn(one.at, keyword),
  );

/** Returns the values that `enum` or `const` allows. */
export const listValues = ({ at }: Pick<Holding, 'at'>): readonly unknown[] | undefined => {
  const { enum: values } = at;
  if (Array.isArray(values)) return values;
  return 'const' in at ? [at['const']] : undefined;
};

/** Integers and floats together are floats. */
export const kindOfValues = (values: readonly unknown[]): Column['kind'] => {
  const kinds = new Set(values.filter((value) => value !== null).map(kindOfValue));
  if (kinds.has('float')) kinds.delete('integer');
  const [only = 'other'] = kinds;
  return kinds.size > 1 ? 'other' : only;
};

const kindOfValue = (value: unknown): Column['kind'] => {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'json';
};

export const kindOfType = (type: string, format: string | null, encoding: string | null): Column['kind'] => {
  if (type === 'string' && format !== null && Object.hasOwn(formats, format))
    return formats[format] ?? 'string';
  if (type === 'string' && encoding === 'base64') return 'binary';
  return (Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? 'other';
};

const formats: Readonly<Record<string, Column['kind']>> = {
  date: 'date',
  time: 'time',
  'date-time': 'timestamp',
  uuid: 'uuid',
};

const kinds: Readonly<Record<string, Column['kind']>> = {
  string: 'string',
  integer: 'integer',
  number: 'float',
  boolean: 'boolean',
  array: 'array',
  object: 'json',
};
