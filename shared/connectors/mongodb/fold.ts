import type { Column, Index, Sampled, Table } from '../catalog.ts';
import { list, object } from './account.ts';
import type { Collection } from './databases.ts';
import type { Document } from './link.ts';
import type { Field, Shape } from './shape.ts';
import { spellPredicate } from './predicate.ts';
import { hasNull, kindOf, kindOfNames, typeOf } from './types.ts';
import type { Rule } from './validator.ts';

/** The results for one collection. */
export interface Found {
  readonly shape: Shape;
  readonly indexes: readonly Document[];
  readonly rows: number | null;
  readonly size: number | null;
  /** Absent when all documents were read. */
  readonly sampled?: Sampled;
}

/** Converts a collection to a table of the catalog: the fields of the sample, then those that only the validator names. */
export const fold = (schema: string, { name, kind, timeseries, rules }: Collection, found: Found): Table => {
  const columns = columnsOf(found, rules);
  return {
    schema,
    name,
    kind,
    comment: rules.get('')?.comment ?? null,
    rows: found.rows,
    size_bytes: found.size,
    statistics_at: null,
    parent: null,
    columns,
    ...(found.sampled && { sampled: found.sampled }),
    primary_key:
      kind === 'collection' && !timeseries && columns.some((column) => column.name === '_id') ? ['_id'] : [],
    foreign_keys: [],
    indexes: found.indexes.map(indexOf),
  };
};

const columnsOf = ({ shape, indexes }: Found, rules: ReadonlyMap<string, Rule>): Column[] => {
  const places = new Set(indexes.flatMap(placesIn));
  const columns = new Map<string, Column>();
  const add = (name: string, column: Pick<Column, 'type' | 'kind' | 'nullable' | 'share'>) => {
    if (columns.has(name)) return; // the sample knows more than the validator
    columns.set(name, {
      name,
      ...column,
      kind: places.has(name) ? 'geo' : column.kind,
      default: null,
      generated: null,
      comment: rules.get(name)?.comment ?? null,
      position: columns.size + 1,
    });
  };
  const total = shape.documents();
  for (const [path, { documents, types, items }] of fieldsByPath(shape.fields())) {
    const share = Math.min(1, Math.round((documents / total) * 10_000) / 10_000);
    const nullable = documents < total || hasNull(types);
    add(path, { type: typeOf(types, items), kind: kindOf(types), nullable, share });
  }
  for (const [path, { types, required }] of rules) {
    if (path === '') continue;
    // A validator does not apply to documents that are older than it.
    const nullable = total > 0 || !required || types.length === 0 || types.includes('null');
    const names = types.filter((type) => type !== 'null');
    add(path, { type: names.join('|') || 'unknown', kind: kindOfNames(types), nullable, share: 0 });
  }
  return [...columns.values()];
};

type Counts = Pick<Field, 'documents' | 'types' | 'items'>;

/** Two fields with one path (`b` within `a`, and one named `a.b`) become one column with the types of both. */
const fieldsByPath = (
  fields: readonly Field[],
  inside = '',
  found = new Map<string, Counts>(),
): ReadonlyMap<string, Counts> => {
  for (const field of fields) {
    const path = `${inside}${field.name}`;
    const other = found.get(path);
    found.set(path, other ? addCounts(other, field) : field);
    fieldsByPath(field.fields, `${path}.`, found);
  }
  return found;
};

const addCounts = (one: Counts, other: Counts): Counts => ({
  documents: Math.max(one.documents, other.documents),
  types: sum(one.types, other.types),
  items: sum(one.items, other.items),
});

const sum = (one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>) => {
  const both = new Map(one);
  for (const [type, count] of other) both.set(type, (both.get(type) ?? 0) + count);
  return both;
};

const placesIn = ({ key }: Document): string[] =>
  Object.entries(object(key)).flatMap(([path, kind]) => (/^2d(sphere)?$/.test(String(kind)) ? [path] : []));

/** https://www.mongodb.com/docs/manual/reference/command/listIndexes/ */
const indexOf = (index: Document): Index => {
  const { name, key, unique, weights } = index;
  // A text index lists its fields only in `weights`.
  const columns = Object.keys(object(key))
    .flatMap((path) => {
      if (path === '_fts') return Object.keys(object(weights));
      return path === '_ftsx' ? [] : [path];
    })
    .slice(0, mostFields)
    .map((path) => path.slice(0, longestName));
  return {
    name: String(name).slice(0, longestName),
    columns,
    unique: unique === true || name === '_id_',
    predicate: spellPredicate(index, columns),
    valid: true, // the server also maintains and enforces hidden indexes
  };
};

export const indexesIn = (answer: Document): readonly Document[] =>
  list(object(answer['cursor'])['firstBatch']).slice(0, mostIndexes);

/** These limits are higher than those of any server: https://www.mongodb.com/docs/manual/reference/limits/#indexes */
const mostIndexes = 200;
const mostFields = 200;
const longestName = 1024;
