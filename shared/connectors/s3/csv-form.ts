import { createBudget } from '../../network/budget.ts';
import { kindOf, isValue } from './csv-kinds.ts';
import { eachRow, type Form } from './csv-rows.ts';

/** How a text is written, from its first rows; the delimiter is empty where a line is one field. */
export interface Layout extends Form {
  /** How many fields most rows have. */
  readonly width: number;
  /** Rows above the first one of the table: titles, notes, comments. */
  readonly above: number;
  /** Whether each row begins with a field that the header has no name for, as R writes the names of rows. */
  readonly indexed: boolean;
}

interface Given {
  readonly whole: boolean;
  /** The delimiter that the file itself names. */
  readonly hinted: string | undefined;
  /** The delimiter where the first line has it at all. */
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

/** Lines in which a delimiter is a part of the text. A first line that has more of them than all others is a header of columns that are empty. */
const isOneColumn = ({ width, rows: [first, ...others] }: Rating): boolean =>
  width === 1 && (first?.length === 1 || others.some(({ length }) => length >= (first?.length ?? 0)));

const delimiters = [',', ';', '\t', '|'];
const longestHeader = 65_536;
const lookedAt = { rows: 100, characters: 65_536 };

interface Rating extends Form {
  readonly rows: readonly (readonly string[])[];
  readonly width: number;
  /** Of the fields: how many are in rows of that width. */
  readonly share: number;
  /** Marks that enclose no field as a whole. */
  readonly strays: number;
  /** Of the fields of these rows: how many hold another delimiter. */
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
  // The beginning of a first row that is longer than what is looked at.
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

/** The width whose rows have most of the fields: a table may stand among more lines of notes than it has rows. */
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

/** Whose rows are more alike; whose fields are enclosed as they should be, and hold no other delimiter but commas; who has more of them. */
const better = (one: Rating, other: Rating): Rating => {
  if (other.share !== one.share) return other.share > one.share ? other : one;
  if (other.strays !== one.strays) return other.strays < one.strays ? other : one;
  if (other.foreign !== one.foreign) return other.foreign < one.foreign ? other : one;
  return wider(one, other);
};

const wider = (one: Rating, other: Rating): Rating =>
  (other.rows[0]?.length ?? 0) > (one.rows[0]?.length ?? 0) ? other : one;

/** A mark of another kind where all of the first line is in such marks. */
const quoteIn = (line: string, delimiter: string): string =>
  line.length < 10_000 && line.split(delimiter).every((field) => /^'[^']*'$/.test(field.trim())) ? "'" : '"';

const isComment = ([field = '']: readonly string[]): boolean => field.trimStart().startsWith('#');

/** Whether a row is none of a table of that width: a comment that is not divided as its rows are. */
export const isAside = (row: readonly string[], width: number): boolean =>
  width > 1 && row.length !== width && isComment(row);

/**
 * Comments; and rows that are shorter or all but empty, if a header follows them and values of another kind than text stand below it:
 * otherwise nothing says that the first row is not the header.
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

/** Whether a first row of names has values below it. */
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
