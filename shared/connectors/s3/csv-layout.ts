import { createBudget } from '../../network/budget.ts';
import { detectCsvKind, isCsvValue } from './csv-kinds.ts';
import { readCsvRows, type CsvSyntax } from './csv-rows.ts';

/** The layout of a text, detected from its first rows. An empty delimiter means that each line is one field. */
export interface CsvLayout extends CsvSyntax {
  /** Number of fields of the table's rows. */
  readonly width: number;
  /** Number of rows above the table: titles, notes, comments. */
  readonly above: number;
  /** Whether each row begins with a field that the header does not name: R writes row names in this way. */
  readonly indexed: boolean;
}

interface CsvLayoutInput {
  readonly whole: boolean;
  /** The delimiter that the file's own `sep=` line names. */
  readonly hinted: string | undefined;
  /** The delimiter to use if the first line contains it. */
  readonly preferred: string | undefined;
}

export const detectCsvLayout = (text: string, { whole, hinted, preferred }: CsvLayoutInput): CsvLayout => {
  const first = /^[^\r\n]*/.exec(text.slice(0, MAX_HEADER_CHARACTERS))?.[0] ?? '';
  const knownDelimiter =
    hinted ?? (preferred !== undefined && first.includes(preferred) ? preferred : undefined);
  const ratings = (knownDelimiter === undefined ? csvDelimiters : [knownDelimiter]).map((delimiter) =>
    rateLayout(text, { delimiter, quote: detectQuote(first, delimiter), whole }),
  );
  const plausible = ratings.filter(({ width, share }) => width > 1 && share >= 0.5);
  const best = plausible.length > 0 ? plausible.reduce(pickBetterLayout) : ratings.reduce(pickWiderLayout);
  const { quote, width, rows } = best;
  const delimiter = isSingleColumn(best) ? '' : best.delimiter;
  const above = countRowsAbove(rows, width);
  return { delimiter, quote, width, above, indexed: hasIndexColumn(rows.slice(above), width) };
};

/**
 * Whether the delimiter is only part of the text, so that each line is one field. A first line with more fields than every other row is
 * the header of a table whose other columns are empty.
 */
const isSingleColumn = ({ width, rows: [first, ...others] }: LayoutRating): boolean =>
  width === 1 && (first?.length === 1 || others.some(({ length }) => length >= (first?.length ?? 0)));

const csvDelimiters = [',', ';', '\t', '|'];
const MAX_HEADER_CHARACTERS = 65_536;
const layoutSampleLimits = { rows: 100, characters: 65_536 };

interface LayoutRating extends CsvSyntax {
  readonly rows: readonly (readonly string[])[];
  readonly width: number;
  /** Share of all fields that are in rows of that width (0–1). */
  readonly share: number;
  /** Number of quotation marks that do not enclose a whole field. */
  readonly strays: number;
  /** Share of the fields in rows of that width that contain another delimiter (0–1). */
  readonly foreign: number;
}

const rateLayout = (
  text: string,
  { whole, ...form }: CsvSyntax & { readonly whole: boolean },
): LayoutRating => {
  const part = text.slice(0, layoutSampleLimits.characters);
  const rows: (readonly string[])[] = [];
  let strays = 0;
  const countStray = () => {
    strays += 1;
  };
  const readRows = (isWhole: boolean) => {
    const budget = createBudget({ steps: 2 * layoutSampleLimits.characters, depth: 1 });
    readCsvRows(part, { ...form, whole: isWhole, budget, onStray: countStray }, (row) => {
      rows.push(row);
      return rows.length < layoutSampleLimits.rows;
    });
  };
  readRows(whole && part.length === text.length);
  // The first row is longer than the sample: read its beginning.
  if (rows.length === 0) readRows(true);
  const counted = rows.some((row) => !isCommentRow(row)) ? rows.filter((row) => !isCommentRow(row)) : rows;
  const width = findRowWidth(counted);
  const fields = counted.filter(({ length }) => length === width).flat();
  const all = counted.reduce((sum, { length }) => sum + length, 0);
  const others = csvDelimiters.filter((one) => one !== ',' && one !== form.delimiter);
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
const findRowWidth = (rows: readonly (readonly string[])[]): number => {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  const maxCount = Math.max(0, ...counts.values());
  if (counts.get(1) === maxCount) return 1;
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
const pickBetterLayout = (one: LayoutRating, other: LayoutRating): LayoutRating => {
  if (other.share !== one.share) return other.share > one.share ? other : one;
  if (other.strays !== one.strays) return other.strays < one.strays ? other : one;
  if (other.foreign !== one.foreign) return other.foreign < one.foreign ? other : one;
  return pickWiderLayout(one, other);
};

const pickWiderLayout = (one: LayoutRating, other: LayoutRating): LayoutRating =>
  (other.rows[0]?.length ?? 0) > (one.rows[0]?.length ?? 0) ? other : one;

/** Returns a single quote if it encloses every field of the first line, otherwise a double quote. */
const detectQuote = (line: string, delimiter: string): string =>
  line.length < 10_000 && line.split(delimiter).every((field) => /^'[^']*'$/.test(field.trim())) ? "'" : '"';

const isCommentRow = ([field = '']: readonly string[]): boolean => field.trimStart().startsWith('#');

/** Whether a row is a comment that does not have the table's number of fields. */
export const isStrayComment = (row: readonly string[], width: number): boolean =>
  width > 1 && row.length !== width && isCommentRow(row);

/**
 * Counts the rows above the table: comments, and short or almost empty rows if a header follows that has values other than text below it.
 * Without such values, the first row may be the header.
 */
const countRowsAbove = (rows: readonly (readonly string[])[], width: number): number => {
  if (width === 1) {
    const first = rows.findIndex((row) => !isCommentRow(row));
    return rows.slice(first).some(isCommentRow) ? 0 : Math.max(0, first);
  }
  const isTitle = (row: readonly string[], minWidth: number) =>
    row.length < minWidth ||
    isStrayComment(row, width) ||
    (width > 2 && row.filter((field) => field.trim() !== '').length < 2);
  const starts = [width, ...(width > 2 ? [width - 1] : [])].map((minWidth) =>
    rows.findIndex((row) => !isTitle(row, minWidth)),
  );
  const first = starts.find((start) => start >= 0 && isTableStart(rows.slice(start)));
  if (first !== undefined && first <= MAX_ROWS_ABOVE) return first;
  return Math.max(
    0,
    rows.findIndex((row) => !isStrayComment(row, width)),
  );
};

/** Whether the first row holds names, and a row below it holds values other than text. */
const isTableStart = ([header = [], ...below]: readonly (readonly string[])[]): boolean =>
  header.every((field) => field.trim() !== '' && !isCsvValue(field.trim())) &&
  below.some((row) => row.some((field) => !['string', undefined].includes(detectCsvKind(field.trim()))));

const MAX_ROWS_ABOVE = 20;

const hasIndexColumn = ([header, ...rows]: readonly (readonly string[])[], width: number): boolean =>
  header !== undefined &&
  header.length === width - 1 &&
  rows.length > 0 &&
  rows.every((row) => row.length === width) &&
  rows.some((row) => row.at(-1) !== '');
