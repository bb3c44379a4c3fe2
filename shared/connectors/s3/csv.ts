import { createBudget, isTooLargeProblem, type Budget } from '../../network/budget.ts';
import { MAX_TABLE_COLUMNS } from '../reading/limit-columns.ts';
import type { Column } from '../catalog.ts';
import type { ObjectColumns, TextSample } from './object-columns.ts';
import { detectCsvLayout, isStrayComment, type CsvLayout } from './csv-layout.ts';
import { mergeCsvKinds, isCsvValue, isYear, detectCsvKind, type CsvKind } from './csv-kinds.ts';
import { readCsvRows } from './csv-rows.ts';

interface CsvOptions {
  readonly budget?: Budget;
  /** The delimiter to use if the first line contains it. */
  readonly preferred?: string;
}

/** Reads names from the header and kinds from the rows of the sample. Returns `undefined` without a complete row, or for binary data. */
export const readCsvColumns = (
  { text: original, whole, share }: TextSample,
  { budget = createCsvBudget(), preferred }: CsvOptions = {},
): ObjectColumns | undefined => {
  const [text, namedDelimiter] = splitSeparatorLine(normalizeLineEnds(original, whole));
  const layout = detectCsvLayout(text, { whole, hinted: namedDelimiter, preferred });
  const table = createCsvTable(budget, layout);
  let read = 0;
  try {
    read = readCsvRows(text, { ...layout, whole, budget }, table.add);
  } catch (error) {
    // Two rows are enough: keep the columns that were read within the budget.
    if (!isTooLargeProblem(error) || table.rows() < 2) throw error;
    read = table.end();
    whole = false;
  }
  const first = table.first();
  if (!first) return whole ? { columns: [], rows: 0 } : undefined;
  if (first.some((field) => field.includes('\0'))) return undefined;
  const { values, ...found } = table.finish();
  const readShare = share === null ? null : (share * read) / Math.max(1, text.length);
  return {
    ...found,
    rows: whole || !readShare ? values : Math.round(values / readShare),
    ...(!whole && { sampled: { rows: values } }),
  };
};

/** Counts the characters and fields of one sample. */
export const createCsvBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 1 });
/** The cost of detecting the kind of one field, in characters read. */
const CSV_FIELD_STEPS = 8;

/** Keeps the first row and, of all other rows, only the kinds of their fields. The cost of a row depends on its own fields alone. */
const createCsvTable = (budget: Budget, { width, above, indexed }: CsvLayout) => {
  let first: readonly string[] | undefined;
  let kinds: Set<CsvKind>[] = [];
  let header: 'no' | 'yes' | 'unclear' = 'no';
  /** Whether a row has another kind of value below a year, date or time of the first row. */
  let outgrown = false;
  let passed = 0;
  let rows = 0;
  let end = 0;
  const addKinds = (row: readonly string[]) => {
    for (let at = 0; at < row.length && at < kinds.length; at += 1) {
      budget.step(CSV_FIELD_STEPS);
      const found = kinds[at];
      if (!found || (header !== 'unclear' && found.has('string'))) continue;
      const field = (row[at] ?? '').trim();
      const kind = detectCsvKind(field);
      if (kind) found.add(kind);
      if (header === 'unclear') outgrown ||= isOtherTimeKind(first?.[at]?.trim() ?? '', field);
    }
  };
  const decideHeader = () => {
    if (header !== 'unclear') return;
    header =
      outgrown || kinds.some((found, at) => isUnlikeColumn(first?.[at]?.trim() ?? '', found)) ? 'yes' : 'no';
    if (first && header === 'no') addKinds(first);
  };
  return {
    add: (row: readonly string[], until: number) => {
      passed += 1;
      if (passed <= above || isStrayComment(row, width)) return;
      rows += 1;
      end = until;
      if (first) return addKinds(row);
      first = indexed ? ['', ...row] : padHeader(row, width);
      header = detectHeader(row);
      kinds = first.slice(0, MAX_TABLE_COLUMNS).map(() => new Set());
      if (header === 'no') addKinds(row);
    },
    first: () => first,
    rows: () => rows,
    end: () => end,
    /** Returns the columns, and the number of rows below the header. */
    finish: () => {
      decideHeader();
      const count = first?.length ?? 0;
      const named = first?.slice(0, MAX_TABLE_COLUMNS) ?? [];
      const names = makeNamesUnique(named.map((field) => (header === 'yes' ? field.trim() : '')));
      return {
        columns: names.map((name, at) => toCsvColumn(name, at, mergeCsvKinds([...(kinds[at] ?? [])]))),
        values: header === 'yes' ? rows - 1 : rows,
        ...(count > MAX_TABLE_COLUMNS && { cut: true }),
      };
    },
  };
};

/** Adds columns that the header does not name. Ignores a single extra column, which a delimiter at the end of each row makes. */
const padHeader = (row: readonly string[], width: number): readonly string[] =>
  width > row.length + 1 ? [...row, ...Array.from({ length: width - row.length }, () => '')] : row;

const toCsvColumn = (name: string, at: number, kind: CsvKind): Column => ({
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
const detectHeader = (row: readonly string[]) => {
  const values = row.map((field) => field.trim()).filter(isCsvValue);
  if (values.length === 0) return 'yes';
  return values.length < row.length ? 'unclear' : 'no';
};

/** Whether no value of a column has the kind of the field in the first row: a word above numbers, or a number above words. */
const isUnlikeColumn = (named: string, below: ReadonlySet<CsvKind>): boolean => {
  const kind = detectCsvKind(named);
  if (kind === undefined || below.size === 0) return false;
  return !(below.has(kind) || (isNumberKind(kind) && [...below].some(isNumberKind)));
};

const isNumberKind = (kind: CsvKind): boolean => kind === 'integer' || kind === 'decimal';

const isTimeField = (field: string): boolean =>
  isYear(field) || ['date', 'time', 'timestamp'].includes(detectCsvKind(field) ?? '');

/** Whether the field below a year, date or time of the first row is of another kind. */
const isOtherTimeKind = (named: string, field: string): boolean => {
  const kind = detectCsvKind(field);
  if (kind === undefined || !isTimeField(named)) return false;
  return isYear(named) ? !isYear(field) : kind !== detectCsvKind(named);
};

/** Replaces carriage returns that end lines alone, as on classic Mac OS. The length of the text stays the same. */
const normalizeLineEnds = (text: string, whole: boolean): string => {
  if (text.includes('\n')) return text;
  const first = text.indexOf('\r');
  const isEnd = first >= 0 && (whole || text.includes('\r', first + 1));
  return isEnd ? text.replaceAll('\r', '\n') : text;
};

/** Splits off Excel's line `sep=;`, which names the delimiter and is not a row. */
const splitSeparatorLine = (text: string): readonly [text: string, delimiter: string | undefined] => {
  const [line, delimiter] = /^"?sep=([^\r\n"])"?\r?\n/i.exec(text.slice(0, 16)) ?? [];
  return line === undefined ? [text, undefined] : [text.slice(line.length), delimiter];
};

const makeNamesUnique = (names: readonly string[]): string[] => {
  const taken = new Set<string>();
  return names.map((name, at) => {
    let unused = name || `column_${at + 1}`;
    while (taken.has(unused)) unused += `_${at + 1}`;
    taken.add(unused);
    return unused;
  });
};
