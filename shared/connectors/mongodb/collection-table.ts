import type { Column, Index, Sampled, Table } from '../catalog.ts';
import { toDocuments, toDocument } from './rights.ts';
import type { MongodbCollection } from './databases.ts';
import type { MongodbDocument } from './document.ts';
import type { ShapeField, DocumentShape } from './document-shape.ts';
import { renderIndexPredicate } from './index-predicate.ts';
import { hasNullType, toMongodbColumnKind, toTypeNamesKind, renderMongodbType } from './types.ts';
import type { ValidatorRule } from './validator.ts';

/** The results for one collection. */
export interface CollectionFindings {
  readonly shape: DocumentShape;
  readonly indexes: readonly MongodbDocument[];
  readonly rows: number | null;
  readonly size: number | null;
  /** Absent when all documents were read. */
  readonly sampled?: Sampled;
}

/** Converts a collection to a table of the catalog: the fields of the sample, then those that only the validator names. */
export const toMongodbTable = (
  schema: string,
  { name, kind, timeseries, rules }: MongodbCollection,
  findings: CollectionFindings,
): Table => {
  const columns = toMongodbColumns(findings, rules);
  return {
    schema,
    name,
    kind,
    comment: rules.get('')?.comment ?? null,
    rows: findings.rows,
    size_bytes: findings.size,
    statistics_at: null,
    parent: null,
    columns,
    ...(findings.sampled && { sampled: findings.sampled }),
    primary_key:
      kind === 'collection' && !timeseries && columns.some((column) => column.name === '_id') ? ['_id'] : [],
    foreign_keys: [],
    indexes: findings.indexes.map(toMongodbIndex),
  };
};

const toMongodbColumns = (
  { shape, indexes }: CollectionFindings,
  rules: ReadonlyMap<string, ValidatorRule>,
): Column[] => {
  const geoPaths = new Set(indexes.flatMap(listGeoPaths));
  const columns = new Map<string, Column>();
  const addColumn = (name: string, column: Pick<Column, 'type' | 'kind' | 'nullable' | 'share'>) => {
    if (columns.has(name)) return; // the sample knows more than the validator
    columns.set(name, {
      name,
      ...column,
      kind: geoPaths.has(name) ? 'geo' : column.kind,
      default: null,
      generated: null,
      comment: rules.get(name)?.comment ?? null,
      position: columns.size + 1,
    });
  };
  const total = shape.countDocuments();
  for (const [path, { documents, types, items }] of groupFieldsByPath(shape.listFields())) {
    const share = Math.min(1, Math.round((documents / total) * 10_000) / 10_000);
    const nullable = documents < total || hasNullType(types);
    addColumn(path, {
      type: renderMongodbType(types, items),
      kind: toMongodbColumnKind(types),
      nullable,
      share,
    });
  }
  for (const [path, { types, required }] of rules) {
    if (path === '') continue;
    // A validator does not apply to documents that are older than it.
    const nullable = total > 0 || !required || types.length === 0 || types.includes('null');
    const names = types.filter((type) => type !== 'null');
    addColumn(path, { type: names.join('|') || 'unknown', kind: toTypeNamesKind(types), nullable, share: 0 });
  }
  return [...columns.values()];
};

type FieldCounts = Pick<ShapeField, 'documents' | 'types' | 'items'>;

/** Two fields with one path (`b` within `a`, and one named `a.b`) become one column with the types of both. */
const groupFieldsByPath = (
  fields: readonly ShapeField[],
  inside = '',
  found = new Map<string, FieldCounts>(),
): ReadonlyMap<string, FieldCounts> => {
  for (const field of fields) {
    const path = `${inside}${field.name}`;
    const other = found.get(path);
    found.set(path, other ? addFieldCounts(other, field) : field);
    groupFieldsByPath(field.fields, `${path}.`, found);
  }
  return found;
};

const addFieldCounts = (one: FieldCounts, other: FieldCounts): FieldCounts => ({
  documents: Math.max(one.documents, other.documents),
  types: addTypeCounts(one.types, other.types),
  items: addTypeCounts(one.items, other.items),
});

const addTypeCounts = (one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>) => {
  const both = new Map(one);
  for (const [type, count] of other) both.set(type, (both.get(type) ?? 0) + count);
  return both;
};

const listGeoPaths = ({ key }: MongodbDocument): string[] =>
  Object.entries(toDocument(key)).flatMap(([path, kind]) =>
    /^2d(sphere)?$/.test(String(kind)) ? [path] : [],
  );

/** https://www.mongodb.com/docs/manual/reference/command/listIndexes/ */
const toMongodbIndex = (index: MongodbDocument): Index => {
  const { name, key, unique, weights } = index;
  // A text index lists its fields only in `weights`.
  const columns = Object.keys(toDocument(key))
    .flatMap((path) => {
      if (path === '_fts') return Object.keys(toDocument(weights));
      return path === '_ftsx' ? [] : [path];
    })
    .slice(0, MAX_INDEX_FIELDS)
    .map((path) => path.slice(0, MAX_INDEX_NAME_CHARACTERS));
  return {
    name: String(name).slice(0, MAX_INDEX_NAME_CHARACTERS),
    columns,
    unique: unique === true || name === '_id_',
    predicate: renderIndexPredicate(index, columns),
    valid: true, // the server also maintains and enforces hidden indexes
  };
};

export const parseIndexes = (answer: MongodbDocument): readonly MongodbDocument[] =>
  toDocuments(toDocument(answer['cursor'])['firstBatch']).slice(0, MAX_MONGODB_INDEXES);

/** These limits are higher than those of any server: https://www.mongodb.com/docs/manual/reference/limits/#indexes */
const MAX_MONGODB_INDEXES = 200;
const MAX_INDEX_FIELDS = 200;
const MAX_INDEX_NAME_CHARACTERS = 1024;
