import type { Column } from '../catalog.ts';

/** A type as its columns share it; filled in later where the first flight did not know it. */
export interface Type {
  type: string;
  kind: Column['kind'];
  /** A domain may forbid null where its column does not. */
  required: boolean;
}

/** The columns of one relation, in order of their attribute numbers. */
export interface Columns {
  readonly names: readonly string[];
  readonly positions: readonly number[];
}

export interface TypedColumns extends Columns {
  readonly types: readonly Type[];
  /** A letter a column, as the query says. */
  readonly flags: string;
}

/** Texts by attribute number; 0 is the relation itself. */
export interface Texts {
  readonly positions: readonly number[];
  readonly texts: readonly string[];
}

export interface ForeignKeys {
  readonly names: readonly string[];
  /** The oids of the tables that they point to. */
  readonly targets: readonly string[];
  readonly columns: readonly string[];
  readonly references: readonly string[];
}

export interface Indexes {
  readonly names: readonly string[];
  readonly keys: readonly string[];
  readonly flags: string;
  readonly expressions: readonly string[];
}

type Row = readonly string[];

/** How rows of the catalog's queries are read; `undefined` where a text holds the separator itself, which the counts betray. */
export const readSets = (separator: string, typeOf: (key: string) => Type) => {
  const intern = interning<string>((name) => name);
  const positionsOf = interning(numbers);
  return {
    columns: ([, names = '', numbers = '', keys = '', flags = '']: Row): TypedColumns | undefined => {
      const positions = positionsOf(numbers);
      const parts = names.split(separator);
      if (parts.length !== positions.length) return undefined;
      const columns = { names: parts.map(intern), positions, types: members(keys).map(typeOf), flags };
      return positions.every((at, i) => i === 0 || at > (positions[i - 1] ?? 0)) ? columns : inOrder(columns);
    },
    texts: ([, positions = '', joined = '']: Row): Texts | undefined => {
      const texts = { positions: numbers(positions), texts: joined.split(separator) };
      return texts.texts.length === texts.positions.length ? texts : undefined;
    },
    foreignKeys: ([, joined = '', targets = '', columns = '', references = '']: Row):
      ForeignKeys | undefined => {
      const names = joined.split(separator);
      const keys = {
        names,
        targets: members(targets),
        columns: columns.split(';'),
        references: references.split(';'),
      };
      return names.length === keys.targets.length ? keys : undefined;
    },
    indexes: ([, joined = '', positions = '', flags = '', texts = '']: Row): Indexes | undefined => {
      const names = joined.split(separator);
      const keys = positions.split(',');
      const expressions = texts === '' ? [] : texts.split(separator);
      const expected =
        positions.startsWith('0') || positions.includes(' 0') || positions.includes(',0') ? zeros(keys) : 0;
      return names.length === keys.length && expressions.length === expected
        ? { names, keys, flags, expressions }
        : undefined;
    },
  };
};

/** The members of an array of numbers, as PostgreSQL writes it. */
export const members = (text: string): string[] => (text.length > 2 ? text.slice(1, -1).split(',') : []);

/** An array of numbers, as PostgreSQL writes it. */
export const numbers = (text: string): number[] => members(text).map(Number);

const zeros = (keys: readonly string[]) =>
  keys.reduce((n, key) => n + key.split(' ').filter((position) => position === '0').length, 0);

/** The same few column names and positions come over and over: keeping each once is most of what a large catalog needs less. */
const interning = <T>(make: (text: string) => T) => {
  const known = new Map<string, T>();
  return (text: string): T => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size < 100_000) known.set(text, made);
    return made;
  };
};

/** The server may read its catalog in any order. */
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
