import type { Column } from '../catalog.ts';

/** A type that columns share. The second batch completes it if the first one does not describe it. */
export interface Type {
  type: string;
  kind: Column['kind'];
  /** A domain may forbid null even if the column does not. */
  required: boolean;
}

/** The columns of one relation, in order of their attribute numbers. */
export interface Columns {
  readonly names: readonly string[];
  readonly positions: readonly number[];
}

export interface TypedColumns extends Columns {
  readonly types: readonly Type[];
  /** One letter for each column; see `buildPostgresqlCatalogQueries`. */
  readonly flags: string;
}

/** Texts by attribute number. 0 is the relation itself. */
export interface Texts {
  readonly positions: readonly number[];
  readonly texts: readonly string[];
}

export interface ForeignKeys {
  readonly names: readonly string[];
  /** The oids of the referenced tables. */
  readonly targets: readonly string[];
  readonly columns: readonly string[];
  readonly references: readonly string[];
  /** One letter for each key; see `buildPostgresqlCatalogQueries`. */
  readonly flags: string;
}

export interface Indexes {
  readonly names: readonly string[];
  readonly keys: readonly string[];
  readonly flags: string;
  readonly expressions: readonly string[];
  /** One for each index, '' for an index without a predicate. Empty if no index has a predicate. */
  readonly predicates: readonly string[];
}

export type Row = readonly string[];

/** The sets of the catalog that have one row for each relation. */
export type SetName = 'columns' | 'defaults' | 'comments' | 'foreignKeys' | 'indexes';

/** Creates the parsers of the rows. `isWhole` must have accepted a row before it is parsed. */
export const readSets = (separator: string, typeOf: (key: string) => Type) => {
  const positionsOf = interning(numbers);
  return {
    /** Whether the texts of a row can be split: if a text contains the separator, the counts differ. */
    isWhole: {
      columns: ([, names = '', positions = '']: Row) =>
        countParts(names, separator) === countMembers(positions),
      defaults: ([, positions = '', texts = '']: Row) =>
        countParts(texts, separator) === countMembers(positions),
      comments: ([, positions = '', texts = '']: Row) =>
        countParts(texts, separator) === countMembers(positions),
      foreignKeys: ([, names = '', targets = '']: Row) =>
        countParts(names, separator) === countMembers(targets),
      indexes: ([, names = '', positions = '', , texts = '', predicates = '']: Row) => {
        const expressions = texts === '' ? 0 : countParts(texts, separator);
        return (
          countParts(names, separator) === countParts(positions, ',') &&
          (predicates === '' || countParts(predicates, separator) === countParts(names, separator)) &&
          expressions === (hasZero(positions) ? zeros(positions.split(',')) : 0)
        );
      },
    },
    columns: ([, names = '', numbers = '', keys = '', flags = '']: Row): TypedColumns => {
      const positions = positionsOf(numbers);
      const types = members(keys).map(typeOf);
      const columns = { names: names.split(separator), positions, types, flags };
      return positions.every((at, i) => i === 0 || at > (positions[i - 1] ?? 0)) ? columns : inOrder(columns);
    },
    texts: ([, positions = '', joined = '']: Row): Texts => ({
      positions: numbers(positions),
      texts: joined.split(separator),
    }),
    foreignKeys: ([
      ,
      names = '',
      targets = '',
      columns = '',
      references = '',
      flags = '',
    ]: Row): ForeignKeys => ({
      names: names.split(separator),
      targets: members(targets),
      columns: columns.split(';'),
      references: references.split(';'),
      flags,
    }),
    indexes: ([, names = '', positions = '', flags = '', texts = '', predicates = '']: Row): Indexes => ({
      names: names.split(separator),
      keys: positions.split(','),
      flags,
      expressions: texts === '' ? [] : texts.split(separator),
      predicates: predicates === '' ? [] : predicates.split(separator),
    }),
  };
};

/** Parses an array of numbers in the text format of PostgreSQL into texts. */
export const members = (text: string): string[] => (text.length > 2 ? text.slice(1, -1).split(',') : []);

/** Parses an array of numbers in the text format of PostgreSQL. */
export const numbers = (text: string): number[] => members(text).map(Number);

const countMembers = (text: string): number => (text.length > 2 ? countParts(text, ',') : 0);

/** Counts the parts without splitting the text. */
const countParts = (text: string, separator: string): number => {
  let count = 1;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length))
    count++;
  return count;
};

const hasZero = (positions: string) =>
  positions.startsWith('0') || positions.includes(' 0') || positions.includes(',0');

const zeros = (keys: readonly string[]) =>
  keys.reduce((n, key) => n + key.split(' ').filter((position) => position === '0').length, 0);

/** Caches by text: tables with the same number of columns mostly have the same positions. */
const interning = <T>(make: (text: string) => T) => {
  const known = new Map<string, T>();
  return (text: string): T => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size < 1000) known.set(text, made);
    return made;
  };
};

/** Sorts by position, because the server may return columns in any order. */
const inOrder = ({ names, positions, types, flags }: TypedColumns): TypedColumns => {
  const order = positions.map((_, i) => i).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const sorted = <T>(values: readonly T[]) => order.flatMap((i) => values.slice(i, i + 1));
  return {
    names: sorted(names),
    positions: sorted(positions),
    types: sorted(types),
    flags: sorted(flags.split('')).join(''),
  };
};
