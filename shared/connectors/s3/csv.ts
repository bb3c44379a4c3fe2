import { createBudget, isTooLarge, type Budget } from '../../network/budget.ts';
import { mostColumns } from '../bound-columns.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';
import { findLayout, isAside, type Layout } from './csv-form.ts';
import { common, isValue, isYear, kindOf, type Kind } from './csv-kinds.ts';
import { eachRow } from './csv-rows.ts';

interface Options {
  readonly budget?: Budget;
  /** The delimiter where the first line has it at all. */
  readonly preferred?: string;
}

/** The header names the columns, and the rows of the sample tell their kinds. */
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
    // Who has read enough rows knows the columns.
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

/** Characters and fields of one sample. */
export const csvBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 1 });
/** What telling a field's kind takes, in characters that are looked at. */
const costOfAField = 8;

/** Keeps the first row, and of all others the kinds of their fields: what a row costs is its own fields, and no others. */
const createTable = (budget: Budget, { width, above, indexed }: Layout) => {
  let first: readonly string[] | undefined;
  let kinds: Set<Kind>[] = [];
  let header: 'no' | 'yes' | 'unclear' = 'no';
  /** Whether something else stood below a year, date or time of the first row. */
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
    /** The columns, and how many rows there were below the header. */
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

/** Columns behind the last one that has a name; one alone is what a delimiter at the end of each row makes. */
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

/** A row without values is one of names; one with values and words is told by what stands below. */
const headerIn = (row: readonly string[]) => {
  const values = row.map((field) => field.trim()).filter(isValue);
  if (values.length === 0) return 'yes';
  return values.length < row.length ? 'unclear' : 'no';
};

/** Whether nothing below a field of the first row is like it: a word above numbers, a number above words. */
const isStrange = (named: string, below: ReadonlySet<Kind>): boolean => {
  const kind = kindOf(named);
  if (kind === undefined || below.size === 0) return false;
  return !(below.has(kind) || (isNumber(kind) && [...below].some(isNumber)));
};

const isNumber = (kind: Kind): boolean => kind === 'integer' || kind === 'decimal';

const isMoment = (field: string): boolean =>
  isYear(field) || ['date', 'time', 'timestamp'].includes(kindOf(field) ?? '');

/** Whether what stands below a year, date or time of the first row is something else. */
const isOther = (named: string, field: string): boolean => {
  const kind = kindOf(field);
  if (kind === undefined || !isMoment(named)) return false;
  return isYear(named) ? !isYear(field) : kind !== kindOf(named);
};

/** Old Macs end lines with a carriage return alone. The length stays. */
const withLineFeeds = (text: string, whole: boolean): string => {
  if (text.includes('\n')) return text;
  const first = text.indexOf('\r');
  const isEnd = first >= 0 && (whole || text.includes('\r', first + 1));
  return isEnd ? text.replaceAll('\r', '\n') : text;
};

/** Excel's own first line, `sep=;`, which is no row: it names the delimiter. */
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
