import type { ObjectColumns, UnreadReason } from '../../shared/connectors/s3/object-columns.ts';

/** What the other reader found in a file, as written by read.py. */
export interface Answer {
  /** Name, type, and for Parquet whether nulls are allowed. */
  readonly columns?: readonly (readonly [name: string, type: string, nullable?: boolean])[];
  readonly rows?: number;
  readonly refused?: string;
}

/** In what two readers can differ. */
export type Aspect = 'refused' | 'names' | 'rows' | 'nullable' | `type of ${string}`;

export interface Difference {
  readonly file: string;
  readonly aspect: Aspect;
  readonly ours: string;
  readonly theirs: string;
}

/** Compares two readings of a file. If the names differ, the columns are not compared further. */
export const compare = (file: string, ours: ObjectColumns | UnreadReason, theirs: Answer): Difference[] => {
  const differ = (aspect: Aspect, left: unknown, right: unknown): Difference[] => {
    const [own, other] = [JSON.stringify(left), JSON.stringify(right)];
    return own === other ? [] : [{ file, aspect, ours: own, theirs: other }];
  };
  const { columns, rows, refused } = theirs;
  const read = typeof ours === 'string' ? undefined : ours;
  if (!read || !columns)
    return read || columns ? differ('refused', read ? namesOf(read) : ours, refused ?? columns) : [];
  const names = columns.every(([name], at) => isSameName(read.columns[at]?.name, name, at))
    ? differ('names', read.columns.length, columns.length)
    : differ(
        'names',
        namesOf(read),
        columns.map(([name]) => name),
      );
  const count = differ('rows', read.rows, rows);
  if (names.length > 0) return [...names, ...count];
  const isParquet = file.includes('.parquet');
  return [
    ...count,
    ...read.columns.flatMap(({ name, type, kind, nullable }, at) => {
      const [, other = '', mayBeNull] = columns[at] ?? [];
      return isParquet
        ? [
            ...differ(`type of ${name}`, spellParquet(type), other),
            ...differ('nullable', nullable, mayBeNull),
          ]
        : differ(`type of ${name}`, kind, kindOf(other, /\.(json|jsonl|ndjson)/.test(file)));
    }),
  ];
};

const namesOf = ({ columns }: ObjectColumns) => columns.map(({ name }) => name);

/**
 * Each reader has its own names for columns without a name or with a duplicate name. DuckDB treats `a` and
 * `A` as the same name.
 */
const isSameName = (ours: string | undefined, theirs: string, at: number): boolean =>
  ours === theirs ||
  (ours === `column_${at + 1}` && theirs.replace(/^column0*(?=\d)/, 'column') === `column${at}`) ||
  (ours !== undefined &&
    /_\d+$/.test(theirs) &&
    [ours, ours.replace(/_\d+$/, '')].includes(theirs.replace(/_\d+$/, '')));

/** Maps DuckDB's types to our kinds. */
const kindOf = (type: string, isJson: boolean): string => {
  if (isJson && type === 'DOUBLE') return 'float';
  if (type.endsWith(']')) return 'array';
  if (/^(STRUCT|MAP|JSON)/.test(type)) return 'json';
  if (type.startsWith('DECIMAL')) return 'decimal';
  return kinds[type] ?? type;
};

const kinds: Readonly<Record<string, string>> = {
  BIGINT: 'integer',
  UBIGINT: 'integer',
  HUGEINT: 'integer',
  DOUBLE: 'decimal',
  BOOLEAN: 'boolean',
  VARCHAR: 'string',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  UUID: 'uuid',
  '"NULL"': 'other',
  BIGNUM: 'integer',
};

/** Spells our type of a Parquet column as read.py spells pyarrow's types. */
const spellParquet = (type: string): string =>
  type
    .replaceAll(/\bINTEGER\(\d+,(?:true|false)\)|\bU?INT_(?:8|16|32|64)\b|\bINT(?:32|64)\b/g, 'integer')
    .replaceAll(/\bDECIMAL\(/g, 'decimal(')
    .replaceAll(/\bINT96\b/g, 'timestamp(ns)')
    .replaceAll(/\b(TIME|TIMESTAMP)\((MILLI|MICRO|NANO)S,(true|false)\)/g, (_, name, unit, utc) => {
      const short = { MILLI: 'ms', MICRO: 'us', NANO: 'ns' }[String(unit)];
      return name === 'TIME' ? `time(${short})` : `timestamp(${short}${utc === 'true' ? ',utc' : ''})`;
    })
    .replaceAll(/\b(TIME|TIMESTAMP)_(MILLI|MICRO)S\b/g, (_, name, unit) => {
      const short = unit === 'MILLI' ? 'ms' : 'us';
      return name === 'TIME' ? `time(${short})` : `timestamp(${short},utc)`;
    })
    .replaceAll(/\bFIXED_LEN_BYTE_ARRAY\(\d+\)|\bBYTE_ARRAY\b/g, 'binary')
    .replaceAll(/\b[A-Z][A-Z0-9_]+\b/g, (word) => words[word] ?? word);

const words: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  FLOAT: 'float',
  DOUBLE: 'float',
  FLOAT16: 'float',
  STRING: 'string',
  UTF8: 'string',
  UNKNOWN: 'null',
  DATE: 'date',
  UUID: 'uuid',
  JSON: 'json',
};
