import type { Column } from '../catalog.ts';
import { uuid } from './bson.ts';

type Kind = Column['kind'];

/** By BSON type number, the name for `$type` and the column kind: https://www.mongodb.com/docs/manual/reference/bson-types/ */
const types: ReadonlyMap<number, readonly [string, Kind]> = new Map<number, readonly [string, Kind]>([
  [1, ['double', 'float']],
  [2, ['string', 'string']],
  [3, ['object', 'json']],
  [4, ['array', 'array']],
  [5, ['binData', 'binary']],
  [uuid, ['binData', 'uuid']],
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

type Counts = ReadonlyMap<number, number>;

/** Renders `int`, `int|string` or `array<object>`, the most frequent type first, without null. */
export const typeOf = (counts: Counts, items: Counts): string => {
  const names = namesIn(counts);
  const inside = namesIn(items);
  return names
    .map((name) => (name === 'array' && inside.length > 0 ? `array<${inside.join('|')}>` : name))
    .join('|');
};

/** Returns one kind for all types of a field: the widest for numbers, `other` for a mix. */
export const kindOf = (counts: Counts): Kind =>
  kindOfAll([...counts.keys()].filter(isSome).map((type) => types.get(type)?.[1] ?? 'other'));

/** The same for type names from a validator. */
export const kindOfNames = (names: readonly string[]): Kind =>
  kindOfAll(names.filter((name) => name !== 'null').map((name) => byName.get(name) ?? 'other'));

const byName: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...[...types.values()].filter(([, kind]) => kind !== 'uuid'),
  // An alias of $type, and the names of JSON Schema.
  ['number', 'decimal'],
  ['boolean', 'boolean'],
  ['integer', 'integer'],
]);

const kindOfAll = (all: readonly Kind[]): Kind => {
  const kinds = new Set(all);
  const [first] = kinds;
  if (first !== undefined && kinds.size === 1) return first;
  if (kinds.size === 0 || ![...kinds].every((kind) => numbers.has(kind))) return 'other';
  return kinds.has('decimal') ? 'decimal' : 'float';
};
const numbers: ReadonlySet<Kind> = new Set(['integer', 'float', 'decimal']);

const isSome = (type: number) => type !== 10 && type !== 6;

export const hasNull = (counts: Counts): boolean => [...counts.keys()].some((type) => !isSome(type));

const namesIn = (counts: Counts): readonly string[] => {
  const seen = [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([type]) => type);
  const some = seen.filter(isSome);
  return [...new Set((some.length > 0 ? some : seen).map((type) => types.get(type)?.[0] ?? 'unknown'))];
};
