import type { Column } from '../catalog.ts';
import type { Budget } from '../../network/budget.ts';
import { costOfAType, isObject, parseSchema, schemaBudget, shown, textOf } from './field.ts';
import type { Field, SchemaText } from './field.ts';

type Json = Readonly<Record<string, unknown>>;

/** The properties of a JSON Schema of any draft, https://json-schema.org/specification; of anything but an object one field, `value`. */
export const jsonFields = (schema: SchemaText, budget = schemaBudget()): readonly Field[] => {
  const root = parse(schema, { budget, known: new Map() });
  const { nested, ...described } = describe(root.at, root, 0);
  return nested?.fields() ?? [{ name: 'value', ...described, comment: described.comment }];
};

interface Document {
  readonly at: Json;
  readonly references: ReadonlyMap<string, SchemaText>;
  readonly reading: Reading;
}

/** What all documents of one schema share. */
interface Reading {
  readonly budget: Budget;
  readonly known: Map<SchemaText, Document>;
}

/** Each document is parsed once, however often it is referred to. */
const parse = (schema: SchemaText, reading: Reading): Document => {
  const known = reading.known.get(schema);
  if (known) return known;
  const at = parseSchema(schema.text, reading.budget);
  const document = { at: isObject(at) ? at : {}, references: schema.references, reading };
  reading.known.set(schema, document);
  return document;
};

type Described = Omit<Field, 'name'>;

const describe = (given: Json, document: Document, depth: number): Described => {
  const { budget } = document.reading;
  budget.step(costOfAType);
  const { at, within } = resolve(given, document, depth);
  const types = [at['type']].flat().filter((type) => typeof type === 'string');
  const choices = [at['oneOf'], at['anyOf']].flatMap((some) =>
    Array.isArray(some) ? some.filter(isObject) : [],
  );
  const real = choices.filter((choice) => choice['type'] !== 'null');
  const nullable = types.includes('null') || real.length < choices.length || at['nullable'] === true;
  const facts = {
    nullable,
    default: shown(given['default'] ?? at['default'], budget),
    comment: textOf(given['description']) ?? textOf(at['description']) ?? textOf(at['title']),
  };
  const [only] = real;
  if (types.length === 0 && only && real.length === 1 && depth < deepest) {
    const inner = describe(only, within, depth + 1);
    return {
      ...inner,
      ...facts,
      nullable: nullable || inner.nullable,
      comment: facts.comment ?? inner.comment,
    };
  }
  const type = types.filter((one) => one !== 'null').join('|');
  const format = textOf(at['format']);
  if (hasProperties(at)) {
    const fields = () => properties(at, within, depth);
    return { type: type || 'object', kind: 'json', ...facts, nested: { key: at, fields } };
  }
  if (type === '' && (Array.isArray(at['enum']) || 'const' in at)) {
    const values: readonly unknown[] = Array.isArray(at['enum']) ? at['enum'] : [at['const']];
    budget.step(values.length);
    return { type: 'enum', ...describeValues(values, facts) };
  }
  if (type === '') return { type: real.length > 1 ? 'oneOf' : 'any', kind: 'other', ...facts };
  if (type === 'array' && isObject(at['items']) && depth < deepest) {
    return { type: `array<${describe(at['items'], within, depth + 1).type}>`, kind: 'array', ...facts };
  }
  return { type: format === null ? type : `${type}(${format})`, kind: kindOf(type, format, at), ...facts };
};

const hasProperties = (at: Json): boolean =>
  isObject(at['properties']) || (Array.isArray(at['allOf']) && at['allOf'].length > 0);

/** What `enum` or `const` allows: numbers are numbers. */
const describeValues = <Facts extends { readonly nullable: boolean }>(
  values: readonly unknown[],
  facts: Facts,
): Facts & { readonly kind: Column['kind'] } => {
  const real = values.filter((value) => value !== null);
  const kinds = new Set(real.map(kindOfValue));
  if (kinds.has('float')) kinds.delete('integer');
  const [only = 'other'] = kinds;
  const nullable = facts.nullable || real.length < values.length;
  return { ...facts, kind: kinds.size > 1 ? 'other' : only, nullable };
};

const kindOfValue = (value: unknown): Column['kind'] => {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'json';
};

const properties = (at: Json, document: Document, depth: number): Field[] => {
  const { fields, required } = collectProperties(at, document, depth);
  return fields.map((field) => ({ ...field, nullable: field.nullable || !required.has(field.name) }));
};

/** Of a schema and all that its `allOf` adds: each part may require what another defines. */
const collectProperties = (
  at: Json,
  document: Document,
  depth: number,
): { readonly fields: readonly Field[]; readonly required: ReadonlySet<unknown> } => {
  const { budget } = document.reading;
  budget.step(costOfAType);
  const own = Object.entries(isObject(at['properties']) ? at['properties'] : {}).map(
    ([name, property]): Field => ({
      name,
      ...describe(isObject(property) ? property : {}, document, depth + 1),
    }),
  );
  const required = new Set<unknown>(Array.isArray(at['required']) ? at['required'] : []);
  const fields = new Map<string, Field>();
  const parts = Array.isArray(at['allOf']) && depth < deepest ? at['allOf'].filter(isObject) : [];
  for (const part of parts) {
    const { at: whole, within } = resolve(part, document, depth + 1);
    const inherited = collectProperties(whole, within, depth + 1);
    budget.step(inherited.fields.length + inherited.required.size);
    for (const field of inherited.fields) fields.set(field.name, fields.get(field.name) ?? field);
    for (const name of inherited.required) required.add(name);
  }
  for (const field of own) {
    fields.delete(field.name);
    fields.set(field.name, field);
  }
  return { fields: [...fields.values()], required };
};

/** Follows `$ref`, in the document itself or to one that the registry names; never to an address. */
const resolve = (
  given: Json,
  document: Document,
  depth: number,
): { readonly at: Json; readonly within: Document } => {
  const ref = given['$ref'];
  if (typeof ref !== 'string' || depth > deepest) return { at: given, within: document };
  document.reading.budget.step(costOfAType + ref.length);
  const [file = '', pointer = ''] = ref.split('#');
  const other = file === '' ? undefined : document.references.get(file);
  if (file !== '' && !other) return { at: {}, within: document };
  const within = other ? parse(other, document.reading) : document;
  const at = findFragment(decodeFragment(pointer), within);
  return isObject(at) ? resolve(at, within, depth + 1) : { at: {}, within };
};

const deepest = 12;

/** A fragment of a URL is percent-encoded, https://www.rfc-editor.org/rfc/rfc6901#section-6; undefined where it is not well-formed. */
const decodeFragment = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
};

const findFragment = (fragment: string | undefined, { at, reading }: Document): unknown => {
  if (fragment === undefined) return undefined;
  if (fragment !== '' && !fragment.startsWith('/')) return findAnchor(fragment, at, reading.budget);
  let found: unknown = at;
  for (const key of fragment.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(found)) found = /^(0|[1-9]\d*)$/.test(name) ? found[Number(name)] : undefined;
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
};

/** `$anchor` of 2019-09 and later, `$id` that is a fragment before. */
const findAnchor = (name: string, root: Json, budget: Budget): unknown => {
  const rest: unknown[] = [root];
  const id = `#${name}`;
  while (rest.length > 0) {
    const one = rest.pop();
    budget.step();
    if (typeof one !== 'object' || one === null) continue;
    if (isObject(one)) {
      const names = [one['$anchor'], one['$dynamicAnchor']];
      if (names.includes(name) || one['$id'] === id || one['id'] === id) return one;
    }
    for (const inner of Object.values(one)) rest.push(inner);
  }
  return undefined;
};

const kindOf = (type: string, format: string | null, at: Json): Column['kind'] => {
  if (type === 'string' && format !== null && Object.hasOwn(formats, format))
    return formats[format] ?? 'string';
  if (type === 'string' && at['contentEncoding'] === 'base64') return 'binary';
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
