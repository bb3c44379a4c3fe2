import { createBudget } from '../../network/budget.ts';
import { kindOf, isValue } from './csv-kinds.ts';
import { eachRow, type Form } from './csv-rows.ts';

/** The layout of a text, detected from its first rows. An empty delimiter means that each line is one field. */
export interface Layout extends Form {
  /** Number of fields of the table's rows. */
  readonly width: number;
  /** Number of rows above the table: titles, notes, comments. */
  readonly above: number;
  /** Whether each row begins with a field that the header does not name: R writes row names in this way. */
  readonly indexed: boolean;
}

interface Given {
  readonly whole: boolean;
  /** The delimiter that the file's own `sep=` line names. */
  readonly hinted: string | undefined;
  /** The delimiter to use if the first line contains it. */
  readonly preferred: string | undefined;
}

export const findLayout = (text: string, { whole, hinted, preferred }: Given): Layout => {
  const first = /^[^\r\n]*/.exec(text.slice(0, longestHeader))?.[0] ?? '';
  const given = hinted ?? (preferred !== undefined && first.includes(preferred) ? preferred : undefined);
  const tried = (given === undefined ? delimiters : [given]).map((delimiter) =>
    rate(text, { delimiter, quote: quoteIn(first, delimiter), whole }),
  );
  const sure = tried.filter(({ width, share }) => width > 1 && share >= 0.5);
  const best = sure.length > 0 ? sure.reduce(better) : tried.reduce(wider);
  const { quote, width, rows } = best;
  const delimiter = isOneColumn(best) ? '' : best.delimiter;
  const above = rowsAbove(rows, width);
  return { delimiter, quote, width, above, indexed: isIndexed(rows.slice(above), width) };
};

/**
 * Whether the delimiter is only part of the text, so that each line is one field. A first line with more fields than every other row is
 * the header of a table whose other columns are empty.
 */
const isOneColumn = ({ width, rows: [first, ...others] }: Rating): boolean =>
  width === 1 && (first?.length === 1 || others.some(({ length }) => length >= (first?.length ?? 0)));

const delimiters = [',', ';', '\t', '|'];
const longestHeader = 65_536;
const lookedAt = { rows: 100, characters: 65_536 };

interface Rating extends Form {
  readonly rows: readonly (readonly string[])[];
  readonly width: number;
  /** Share of all fields that are in rows of that width (0–1). */
  readonly share: number;
  /** Number of quotation marks that do not enclose a whole field. */
  readonly strays: number;
  /** Share of the fields in rows of that width that contain another delimiter (0–1). */
  readonly foreign: number;
}

const rate = (text: string, { whole, ...form }: Form & { readonly whole: boolean }): Rating => {
  const part = text.slice(0, lookedAt.characters);
  const rows: (readonly string[])[] = [];
  let strays = 0;
  const stray = () => {
    strays += 1;
  };
  const read = (isWhole: boolean) => {
    const budget = createBudget({ steps: 2 * lookedAt.characters, depth: 1 });
    eachRow(part, { ...form, whole: isWhole, budget, stray }, (row) => {
      rows.push(row);
      return rows.length < lookedAt.rows;
    });
  };
  read(whole && part.length === text.length);
  // The first row is longer than the sample: read its beginning.
  if (rows.length === 0) read(true);
  const counted = rows.some((row) => !isComment(row)) ? rows.filter((row) => !isComment(row)) : rows;
  const width = findWidth(counted);
  const fields = counted.filter(({ length }) => length === width).flat();
  const all = counted.reduce((sum, { length }) => sum + length, 0);
  const others = delimiters.filter((one) => one !== ',' && one !== form.delimiter);
  const foreign = fields.filter((field) => others.some((one) => field.includes(one))).length;
  return {
    ...form,
    rows,
    width,
    strays,
    share: fields.length / Math.max(1, all),
    foreign: foreign / Math.max(1, fields.length),
  };
};

/**
 * Finds the width whose rows hold the most fields: a table may have fewer rows than the file has other lines. Returns 1 if no width has more
 * rows than 1.
 */
const findWidth = (rows: readonly (readonly string[])[]): number => {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  if (counts.get(1) === most) return 1;
  return [...counts].reduce(
    ([best, size], [width, count]) =>
      width * count > size || (width * count === size && width > best)
        ? [width, width * count]
        : [best, size],
    [0, 0],
  )[0];
};

/**
 * Prefers, in this order, rows of one width, few stray quotation marks, few fields that contain another delimiter (commas do not count),
 * and a first row with more fields.
 */
const better = (one: Rating, other: Rating): Rating => {
  if (other.share !== one.share) return other.share > one.share ? other : one;
  if (other.strays !== one.strays) return other.strays < one.strays ? other : one;
  if (other.foreign !== one.foreign) return other.foreign < one.foreign ? other : one;
  return wider(one, other);
};

const wider = (one: Rating, other: Rating): Rating =>
  (other.rows[0]?.length ?? 0) > (one.rows[0]?.length ?? 0) ? other : one;

/** Returns a single quote if it encloses every field of the first line, otherwise a double quote. */
const quoteIn = (line: string, delimiter: string): string =>
  line.length < 10_000 && line.split(delimiter).every((field) => /^'[^']*'$/.test(field.trim())) ? "'" : '"';

const isComment = ([field = '']: readonly string[]): boolean => field.trimStart().startsWith('#');

/** Whether a row is a comment that does not have the table's number of fields. */
export const isAside = (row: readonly string[], width: number): boolean =>
  width > 1 && row.length !== width && isComment(row);

/**
 * Counts the rows above the table: comments, and short or almost empty rows if a header follows that has values other than text below it.
 * Without such values, the first row may be the header.
 */
const rowsAbove = (rows: readonly (readonly string[])[], width: number): number => {
  if (width === 1) {
    const first = rows.findIndex((row) => !isComment(row));
    return rows.slice(first).some(isComment) ? 0 : Math.max(0, first);
  }
  const isTitle = (row: readonly string[], least: number) =>
    row.length < least ||
    isAside(row, width) ||
    (width > 2 && row.filter((field) => field.trim() !== '').length < 2);
  const begins = [width, ...(width > 2 ? [width - 1] : [])].map((least) =>
    rows.findIndex((row) => !isTitle(row, least)),
  );
  const first = begins.find((begin) => begin >= 0 && startsTable(rows.slice(begin)));
  if (first !== undefined && first <= mostAbove) return first;
  return Math.max(
    0,
    rows.findIndex((row) => !isAside(row, width)),
  );
};

/** Whether the first row holds names, and a row below it holds values other than text. */
const startsTable = ([header = [], ...below]: readonly (readonly string[])[]): boolean =>
  header.every((field) => field.trim() !== '' && !isValue(field.trim())) &&
  below.some((row) => row.some((field) => !['string', undefined].includes(kindOf(field.trim()))));

const mostAbove = 20;

const isIndexed = ([header, ...rows]: readonly (readonly string[])[], width: number): boolean =>
  header !== undefined &&
  header.length === width - 1 &&
  rows.length > 0 &&
  rows.every((row) => row.length === width) &&
  rows.some((row) => row.at(-1) !== '');
