import type { Column } from '../catalog.ts';
import { BSON_UUID } from './bson.ts';

type MongodbKind = Column['kind'];

/** By BSON type number, the name for `$type` and the column kind: https://www.mongodb.com/docs/manual/reference/bson-types/ */
const bsonTypes: ReadonlyMap<number, readonly [string, MongodbKind]> = new Map<
  number,
  readonly [string, MongodbKind]
>([
  [1, ['double', 'float']],
  [2, ['string', 'string']],
  [3, ['object', 'json']],
  [4, ['array', 'array']],
  [5, ['binData', 'binary']],
  [BSON_UUID, ['binData', 'uuid']],
  [6, ['undefined', 'other']],
  [7, ['objectId', 'other']],
  [8, ['bool', 'boolean']],
  [9, ['date', 'timestamp']],
  [10, ['null', 'other']],
  [11, ['regex', 'other']],
  [12, ['dbPointer', 'other']],
  [13, ['javascript', 'other']],
  [14, ['symbol', 'string']],
  [15, ['javascriptWithScope', 'other']],
  [16, ['int', 'integer']],
  [17, ['timestamp', 'timestamp']],
  [18, ['long', 'integer']],
  [19, ['decimal', 'decimal']],
  [127, ['maxKey', 'other']],
  [255, ['minKey', 'other']],
]);

type BsonTypeCounts = ReadonlyMap<number, number>;

/** Renders `int`, `int|string` or `array<object>`, the most frequent type first, without null. */
export const renderMongodbType = (counts: BsonTypeCounts, items: BsonTypeCounts): string => {
  const names = listBsonTypeNames(counts);
  const inside = listBsonTypeNames(items);
  return names
    .map((name) => (name === 'array' && inside.length > 0 ? `array<${inside.join('|')}>` : name))
    .join('|');
};

/** Returns one kind for all types of a field: the widest for numbers, `other` for a mix. */
export const toMongodbColumnKind = (counts: BsonTypeCounts): MongodbKind =>
  mergeMongodbKinds(
    [...counts.keys()].filter(isNonNullType).map((type) => bsonTypes.get(type)?.[1] ?? 'other'),
  );

/** The same for type names from a validator. */
export const toTypeNamesKind = (names: readonly string[]): MongodbKind =>
  mergeMongodbKinds(
    names.filter((name) => name !== 'null').map((name) => mongodbKindsByName.get(name) ?? 'other'),
  );

const mongodbKindsByName: ReadonlyMap<string, MongodbKind> = new Map<string, MongodbKind>([
  ...[...bsonTypes.values()].filter(([, kind]) => kind !== 'uuid'),
  // An alias of $type, and the names of JSON Schema.
  ['number', 'decimal'],
  ['boolean', 'boolean'],
  ['integer', 'integer'],
]);

const mergeMongodbKinds = (all: readonly MongodbKind[]): MongodbKind => {
  const kinds = new Set(all);
  const [first] = kinds;
  if (first !== undefined && kinds.size === 1) return first;
  if (kinds.size === 0 || ![...kinds].every((kind) => numericMongodbKinds.has(kind))) return 'other';
  return kinds.has('decimal') ? 'decimal' : 'float';
};
const numericMongodbKinds: ReadonlySet<MongodbKind> = new Set(['integer', 'float', 'decimal']);

const isNonNullType = (type: number) => type !== 10 && type !== 6;

export const hasNullType = (counts: BsonTypeCounts): boolean =>
  [...counts.keys()].some((type) => !isNonNullType(type));

const listBsonTypeNames = (counts: BsonTypeCounts): readonly string[] => {
  const seen = [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([type]) => type);
  const some = seen.filter(isNonNullType);
  return [...new Set((some.length > 0 ? some : seen).map((type) => bsonTypes.get(type)?.[0] ?? 'unknown'))];
};
