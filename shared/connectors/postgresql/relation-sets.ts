import type { Column } from '../catalog.ts';

/** A type that columns share. The second batch completes it if the first one does not describe it. */
export interface PostgresqlType {
  type: string;
  kind: Column['kind'];
  /** A domain may forbid null even if the column does not. */
  required: boolean;
}

/** The columns of one relation, in order of their attribute numbers. */
export interface RelationColumns {
  readonly names: readonly string[];
  readonly positions: readonly number[];
}

export interface TypedRelationColumns extends RelationColumns {
  readonly types: readonly PostgresqlType[];
  /** One letter for each column; see `buildPostgresqlCatalogQueries`. */
  readonly flags: string;
}

/** Texts by attribute number. 0 is the relation itself. */
export interface RelationTexts {
  readonly positions: readonly number[];
  readonly texts: readonly string[];
}

export interface RelationForeignKeys {
  readonly names: readonly string[];
  /** The oids of the referenced tables. */
  readonly targets: readonly string[];
  readonly columns: readonly string[];
  readonly references: readonly string[];
  /** One letter for each key; see `buildPostgresqlCatalogQueries`. */
  readonly flags: string;
}

export interface RelationIndexes {
  readonly names: readonly string[];
  readonly keys: readonly string[];
  readonly flags: string;
  readonly expressions: readonly string[];
  /** One for each index, '' for an index without a predicate. Empty if no index has a predicate. */
  readonly predicates: readonly string[];
}

export type PostgresqlRow = readonly string[];

/** The sets of the catalog that have one row for each relation. */
export type RelationSetName = 'columns' | 'defaults' | 'comments' | 'foreignKeys' | 'indexes';

/** Creates the parsers of the rows. `isWhole` must have accepted a row before it is parsed. */
export const createSetReaders = (separator: string, resolveType: (key: string) => PostgresqlType) => {
  const internPositions = createInterner(parseNumberArray);
  return {
    /** Whether the texts of a row can be split: if a text contains the separator, the counts differ. */
    isWhole: {
      columns: ([, names = '', positions = '']: PostgresqlRow) =>
        countTextParts(names, separator) === countArrayMembers(positions),
      defaults: ([, positions = '', texts = '']: PostgresqlRow) =>
        countTextParts(texts, separator) === countArrayMembers(positions),
      comments: ([, positions = '', texts = '']: PostgresqlRow) =>
        countTextParts(texts, separator) === countArrayMembers(positions),
      foreignKeys: ([, names = '', targets = '']: PostgresqlRow) =>
        countTextParts(names, separator) === countArrayMembers(targets),
      indexes: ([, names = '', positions = '', , texts = '', predicates = '']: PostgresqlRow) => {
        const expressions = texts === '' ? 0 : countTextParts(texts, separator);
        return (
          countTextParts(names, separator) === countTextParts(positions, ',') &&
          (predicates === '' || countTextParts(predicates, separator) === countTextParts(names, separator)) &&
          expressions === (hasExpression(positions) ? countExpressions(positions.split(',')) : 0)
        );
      },
    },
    columns: ([, names = '', numbers = '', keys = '', flags = '']: PostgresqlRow): TypedRelationColumns => {
      const positions = internPositions(numbers);
      const types = parseArrayMembers(keys).map(resolveType);
      const columns = { names: names.split(separator), positions, types, flags };
      return positions.every((at, i) => i === 0 || at > (positions[i - 1] ?? 0))
        ? columns
        : sortTypedColumns(columns);
    },
    texts: ([, positions = '', joined = '']: PostgresqlRow): RelationTexts => ({
      positions: parseNumberArray(positions),
      texts: joined.split(separator),
    }),
    foreignKeys: ([
      ,
      names = '',
      targets = '',
      columns = '',
      references = '',
      flags = '',
    ]: PostgresqlRow): RelationForeignKeys => ({
      names: names.split(separator),
      targets: parseArrayMembers(targets),
      columns: columns.split(';'),
      references: references.split(';'),
      flags,
    }),
    indexes: ([
      ,
      names = '',
      positions = '',
      flags = '',
      texts = '',
      predicates = '',
    ]: PostgresqlRow): RelationIndexes => ({
      names: names.split(separator),
      keys: positions.split(','),
      flags,
      expressions: texts === '' ? [] : texts.split(separator),
      predicates: predicates === '' ? [] : predicates.split(separator),
    }),
  };
};

/** Parses an array of numbers in the text format of PostgreSQL into texts. */
export const parseArrayMembers = (text: string): string[] =>
  text.length > 2 ? text.slice(1, -1).split(',') : [];

/** Parses an array of numbers in the text format of PostgreSQL. */
export const parseNumberArray = (text: string): number[] => parseArrayMembers(text).map(Number);

const countArrayMembers = (text: string): number => (text.length > 2 ? countTextParts(text, ',') : 0);

/** Counts the parts without splitting the text. */
const countTextParts = (text: string, separator: string): number => {
  let count = 1;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length))
    count++;
  return count;
};

const hasExpression = (positions: string) =>
  positions.startsWith('0') || positions.includes(' 0') || positions.includes(',0');

const countExpressions = (keys: readonly string[]) =>
  keys.reduce((n, key) => n + key.split(' ').filter((position) => position === '0').length, 0);

/** Caches by text: tables with the same number of columns mostly have the same positions. */
const createInterner = <T>(make: (text: string) => T) => {
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
const sortTypedColumns = ({ names, positions, types, flags }: TypedRelationColumns): TypedRelationColumns => {
  const order = positions.map((_, i) => i).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const sorted = <T>(values: readonly T[]) => order.flatMap((i) => values.slice(i, i + 1));
  return {
    names: sorted(names),
    positions: sorted(positions),
    types: sorted(types),
    flags: sorted(flags.split('')).join(''),
  };
};
