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
  if (type === '' && (Array.isArray(at['enum']) || 'const' in at))
    return { type: 'enum', kind: 'string', ...facts };
  if (type === '') return { type: real.length > 1 ? 'oneOf' : 'any', kind: 'other', ...facts };
  if (type === 'array' && isObject(at['items']) && depth < deepest) {
    return { type: `array<${describe(at['items'], within, depth + 1).type}>`, kind: 'array', ...facts };
  }
  return { type: format === null ? type : `${type}(${format})`, kind: kindOf(type, format, at), ...facts };
};

const hasProperties = (at: Json): boolean =>
  isObject(at['properties']) || (Array.isArray(at['allOf']) && at['allOf'].length > 0);

const properties = (at: Json, document: Document, depth: number): Field[] => {
  document.reading.budget.step(costOfAType);
  const required = new Set(Array.isArray(at['required']) ? at['required'] : []);
  const own = Object.entries(isObject(at['properties']) ? at['properties'] : {}).map(
    ([name, property]): Field => {
      const described = describe(isObject(property) ? property : {}, document, depth + 1);
      return { name, ...described, nullable: described.nullable || !required.has(name) };
    },
  );
  const parts = Array.isArray(at['allOf']) && depth < deepest ? at['allOf'].filter(isObject) : [];
  const inherited = parts.flatMap((part) => {
    const { at: whole, within } = resolve(part, document, depth + 1);
    return properties(whole, within, depth + 1);
  });
  const names = new Set(own.map(({ name }) => name));
  document.reading.budget.step(inherited.length);
  return [...inherited.filter(({ name }) => !names.has(name)), ...own];
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
  let at: unknown = within.at;
  for (const key of pointer.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return isObject(at) ? resolve(at, within, depth + 1) : { at: {}, within };
};

const deepest = 12;

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
