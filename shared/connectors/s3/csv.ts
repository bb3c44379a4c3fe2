import { createBudget, isTooLarge, type Budget } from '../../network/budget.ts';
import { mostColumns } from '../bound-columns.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';
import { findLayout, isAside, type Layout } from './csv-form.ts';
import { common, isValue, isYear, kindOf, type Kind } from './csv-kinds.ts';
import { eachRow } from './csv-rows.ts';

interface Options {
  readonly budget?: Budget;
  /** The delimiter to use if the first line contains it. */
  readonly preferred?: string;
}

/** Reads names from the header and kinds from the rows of the sample. Returns `undefined` without a complete row, or for binary data. */
export const readCsv = (
  { text: given, whole, share }: Sample,
  { budget = csvBudget(), preferred }: Options = {},
): Reading | undefined => {
  const [text, hinted] = takeHint(withLineFeeds(given, whole));
  const layout = findLayout(text, { whole, hinted, preferred });
  const table = createTable(budget, layout);
  let read = 0;
  try {
    read = eachRow(text, { ...layout, whole, budget }, table.add);
  } catch (error) {
    // Two rows are enough: keep the columns that were read within the budget.
    if (!isTooLarge(error) || table.rows() < 2) throw error;
    read = table.end();
    whole = false;
  }
  const first = table.first();
  if (!first) return whole ? { columns: [], rows: 0 } : undefined;
  if (first.some((field) => field.includes('\0'))) return undefined;
  const { values, ...found } = table.finish();
  const seen = share === null ? null : (share * read) / Math.max(1, text.length);
  return {
    ...found,
    rows: whole || !seen ? values : Math.round(values / seen),
    ...(!whole && { looked: { rows: values } }),
  };
};

/** Counts the characters and fields of one sample. */
export const csvBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 1 });
/** The cost of detecting the kind of one field, in characters read. */
const costOfAField = 8;

/** Keeps the first row and, of all other rows, only the kinds of their fields. The cost of a row depends on its own fields alone. */
const createTable = (budget: Budget, { width, above, indexed }: Layout) => {
  let first: readonly string[] | undefined;
  let kinds: Set<Kind>[] = [];
  let header: 'no' | 'yes' | 'unclear' = 'no';
  /** Whether a row has another kind of value below a year, date or time of the first row. */
  let outgrown = false;
  let passed = 0;
  let rows = 0;
  let end = 0;
  const note = (row: readonly string[]) => {
    for (let at = 0; at < row.length && at < kinds.length; at += 1) {
      budget.step(costOfAField);
      const found = kinds[at];
      if (!found || (header !== 'unclear' && found.has('string'))) continue;
      const field = (row[at] ?? '').trim();
      const kind = kindOf(field);
      if (kind) found.add(kind);
      if (header === 'unclear') outgrown ||= isOther(first?.[at]?.trim() ?? '', field);
    }
  };
  const decide = () => {
    if (header !== 'unclear') return;
    header =
      outgrown || kinds.some((found, at) => isStrange(first?.[at]?.trim() ?? '', found)) ? 'yes' : 'no';
    if (first && header === 'no') note(first);
  };
  return {
    add: (row: readonly string[], until: number) => {
      passed += 1;
      if (passed <= above || isAside(row, width)) return;
      rows += 1;
      end = until;
      if (first) return note(row);
      first = indexed ? ['', ...row] : widen(row, width);
      header = headerIn(row);
      kinds = first.slice(0, mostColumns).map(() => new Set());
      if (header === 'no') note(row);
    },
    first: () => first,
    rows: () => rows,
    end: () => end,
    /** Returns the columns, and the number of rows below the header. */
    finish: () => {
      decide();
      const count = first?.length ?? 0;
      const named = first?.slice(0, mostColumns) ?? [];
      const names = unique(named.map((field) => (header === 'yes' ? field.trim() : '')));
      return {
        columns: names.map((name, at) => columnOf(name, at, common([...(kinds[at] ?? [])]))),
        values: header === 'yes' ? rows - 1 : rows,
        ...(count > mostColumns && { cut: true }),
      };
    },
  };
};

/** Adds columns that the header does not name. Ignores a single extra column, which a delimiter at the end of each row makes. */
const widen = (row: readonly string[], width: number): readonly string[] =>
  width > row.length + 1 ? [...row, ...Array.from({ length: width - row.length }, () => '')] : row;

const columnOf = (name: string, at: number, kind: Kind): Column => ({
  name,
  type: kind,
  kind,
  nullable: true,
  default: null,
  generated: null,
  comment: null,
  position: at + 1,
});

/** Detects whether the first row is a header. `unclear`: it has both values and words, so the rows below decide. */
const headerIn = (row: readonly string[]) => {
  const values = row.map((field) => field.trim()).filter(isValue);
  if (values.length === 0) return 'yes';
  return values.length < row.length ? 'unclear' : 'no';
};

/** Whether no value of a column has the kind of the field in the first row: a word above numbers, or a number above words. */
const isStrange = (named: string, below: ReadonlySet<Kind>): boolean => {
  const kind = kindOf(named);
  if (kind === undefined || below.size === 0) return false;
  return !(below.has(kind) || (isNumber(kind) && [...below].some(isNumber)));
};

const isNumber = (kind: Kind): boolean => kind === 'integer' || kind === 'decimal';

const isMoment = (field: string): boolean =>
  isYear(field) || ['date', 'time', 'timestamp'].includes(kindOf(field) ?? '');

/** Whether the field below a year, date or time of the first row is of another kind. */
const isOther = (named: string, field: string): boolean => {
  const kind = kindOf(field);
  if (kind === undefined || !isMoment(named)) return false;
  return isYear(named) ? !isYear(field) : kind !== kindOf(named);
};

/** Replaces carriage returns that end lines alone, as on classic Mac OS. The length of the text stays the same. */
const withLineFeeds = (text: string, whole: boolean): string => {
  if (text.includes('\n')) return text;
  const first = text.indexOf('\r');
  const isEnd = first >= 0 && (whole || text.includes('\r', first + 1));
  return isEnd ? text.replaceAll('\r', '\n') : text;
};

/** Splits off Excel's line `sep=;`, which names the delimiter and is not a row. */
const takeHint = (text: string): readonly [text: string, delimiter: string | undefined] => {
  const [line, delimiter] = /^"?sep=([^\r\n"])"?\r?\n/i.exec(text.slice(0, 16)) ?? [];
  return line === undefined ? [text, undefined] : [text.slice(line.length), delimiter];
};

const unique = (names: readonly string[]): string[] => {
  const taken = new Set<string>();
  return names.map((name, at) => {
    let unused = name || `column_${at + 1}`;
    while (taken.has(unused)) unused += `_${at + 1}`;
    taken.add(unused);
    return unused;
  });
};
