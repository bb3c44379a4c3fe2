import { createBudget, isTooLarge, type Budget } from '../../network/budget.ts';
import { mostColumns } from '../bound-columns.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';

interface Options {
  readonly budget?: Budget;
  /** The delimiter where the first line has it at all. */
  readonly preferred?: string;
}

/**
 * The header names the columns, and the rows of the sample tell their kinds. A first row that holds a number is no header, unless its
 * numbers are years and what stands below them is not.
 */
export const readCsv = (
  { text: given, whole, share }: Sample,
  { budget = csvBudget(), preferred }: Options = {},
): Reading | undefined => {
  const [text, hinted] = takeHint(withLineFeeds(given, whole));
  const delimiter = hinted ?? findDelimiter(text, preferred);
  const table = createTable(budget);
  let read = 0;
  try {
    read = eachRow(text, { delimiter, whole, budget }, table.add);
  } catch (error) {
    // Who has read enough rows knows the columns.
    if (!isTooLarge(error) || table.rows() < 2) throw error;
    read = table.end();
    whole = false;
  }
  const first = table.first();
  if (!first) return whole ? { columns: [], rows: 0 } : undefined;
  if (first.some((field) => field.includes('\0'))) return undefined;
  const rows = table.values();
  const seen = share === null ? null : (share * read) / Math.max(1, text.length);
  return {
    ...table.columns(),
    rows: whole || !seen ? rows : Math.round(rows / seen),
  };
};

/** Characters and fields of one sample. */
export const csvBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 1 });
/** What telling a field's kind takes, in characters that are looked at. */
const costOfAField = 8;

/** Keeps the first row, and of all others the kinds of their fields: what a row costs is its own fields, and no others. */
const createTable = (budget: Budget) => {
  let first: readonly string[] | undefined;
  let kinds: Set<Kind>[] = [];
  let header: 'no' | 'yes' | 'where years are names' = 'no';
  /** Whether something else than a year stood below a year of the first row. */
  let outgrown = false;
  let rows = 0;
  let end = 0;
  const note = (row: readonly string[]) => {
    for (let at = 0; at < row.length && at < kinds.length; at += 1) {
      budget.step(costOfAField);
      const found = kinds[at];
      if (!found) continue;
      const field = (row[at] ?? '').trim();
      if (header === 'where years are names' && !outgrown && row !== first)
        outgrown = isYear(first?.[at]) && kindOf(field) !== undefined && !isYear(field);
      if (found.has('string')) continue;
      const kind = kindOf(field);
      if (kind) found.add(kind);
    }
  };
  const hasHeader = () => header === 'yes' || (header === 'where years are names' && outgrown);
  return {
    add: (row: readonly string[], until: number) => {
      rows += 1;
      end = until;
      if (first) return note(row);
      first = row;
      header = headerIn(row);
      kinds = row.slice(0, mostColumns).map(() => new Set());
      if (header === 'no') note(row);
    },
    first: () => first,
    rows: () => rows,
    values: () => (hasHeader() ? rows - 1 : rows),
    end: () => end,
    columns: (): Pick<Reading, 'columns' | 'cut'> => {
      if (first && header === 'where years are names' && !outgrown) note(first);
      const width = first?.length ?? 0;
      const named = first?.slice(0, mostColumns) ?? [];
      const names = unique(named.map((field) => (hasHeader() ? field.trim() : '')));
      return {
        columns: names.map((name, at) => columnOf(name, at, common([...(kinds[at] ?? [])]))),
        ...(width > mostColumns && { cut: true }),
      };
    },
  };
};

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

type Kind = 'integer' | 'decimal' | 'boolean' | 'date' | 'time' | 'timestamp' | 'uuid' | 'string';

/** `undefined` for an empty field and for words such as NULL. Digits behind a leading zero are a string: as a number they would lose the zero. */
const kindOf = (field: string): Kind | undefined =>
  field === '' || absent.test(field)
    ? undefined
    : (forms.find(([form]) => form.test(field))?.[1] ?? 'string');

/** What programs write for a value that is not there: R, pandas, MySQL, Excel and people. */
const absent = /^(-|na|n\/a|#n\/a|nan|null|none|nil|\\n)$/i;

const forms: readonly (readonly [RegExp, Kind])[] = [
  [/^[+-]?(0|[1-9]\d{0,17})$/, 'integer'],
  [/^[+-]?((0|[1-9]\d*)?\.\d+([eE][+-]?\d+)?|(0|[1-9]\d*)[eE][+-]?\d+)$/, 'decimal'],
  [/^(true|false)$/i, 'boolean'],
  [/^(\d{4}-\d{2}-\d{2}|\d{4}\/\d{1,2}\/\d{1,2}|\d{1,2}\/\d{1,2}\/\d{4}|\d{1,2}\.\d{1,2}\.\d{4})$/, 'date'],
  [/^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?$/, 'time'],
  [/^\d{8}T\d{6}Z?$/, 'timestamp'],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?$/, 'timestamp'],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'uuid'],
];

const common = (kinds: readonly Kind[]): Kind => {
  const [first, second, ...more] = kinds;
  if (first === undefined) return 'string';
  if (second === undefined) return first;
  const both = new Set([first, second]);
  if (more.length > 0) return 'string';
  if (both.has('integer') && both.has('decimal')) return 'decimal';
  return both.has('date') && both.has('timestamp') ? 'timestamp' : 'string';
};

/** A row of names; or of names and years, of which what stands below tells whether they are names too. */
const headerIn = (row: readonly string[]) => {
  const kinds = row.map((field) => kindOf(field.trim()) ?? 'string');
  const isName = (kind: Kind) => kind === 'string' || kind === 'boolean';
  if (kinds.every(isName)) return 'yes';
  const others = row.filter((_, at) => !isName(kinds[at] ?? 'string'));
  return others.length < row.length && others.every(isYear) ? 'where years are names' : 'no';
};

const isYear = (field: string | undefined): boolean => /^(19|20)\d\d$/.test(field?.trim() ?? '');

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

/** Whichever the first line has most of, outside of quotes; the preferred one where it has any. */
const findDelimiter = (text: string, preferred: string | undefined): string => {
  const counts = new Map([',', ';', '\t', '|'].map((one) => [one, 0]));
  let quoted = false;
  for (let at = 0; at < text.length && at < longestHeader; at += 1) {
    const one = text.charAt(at);
    if (one === '"') quoted = !quoted;
    else if (!quoted) {
      if (one === '\r' || one === '\n') break;
      const count = counts.get(one);
      if (count !== undefined) counts.set(one, count + 1);
    }
  }
  if (preferred !== undefined && counts.get(preferred)) return preferred;
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
};

const longestHeader = 65_536;

interface Reader {
  readonly delimiter: string;
  readonly whole: boolean;
  readonly budget: Budget;
}

/**
 * Hands over row after row, each with where it ends, and answers how far it came. RFC 4180; the last row of a part of a file is not taken for
 * a whole one. https://www.rfc-editor.org/rfc/rfc4180
 */
const eachRow = (
  text: string,
  { delimiter, whole, budget }: Reader,
  take: (row: readonly string[], until: number) => void,
): number => {
  let row: string[] = [];
  let rows = 0;
  let at = 0;
  const finish = () => {
    if (row.length > 1 || row[0] !== '') {
      take(row, at);
      rows += 1;
    }
    row = [];
  };
  while (at < text.length) {
    const from = at;
    let field: string;
    // Blanks behind a delimiter: the quotation mark is what the field begins with.
    let mark = at;
    while (text[mark] === ' ') mark += 1;
    if (text[mark] === '"' && !(delimiter === '\t' && isLoose(text, mark))) {
      at = mark;
      let end = at + 1;
      for (;;) {
        end = text.indexOf('"', end);
        if (end < 0 || text[end + 1] !== '"') break;
        end += 2;
      }
      if (end < 0) return whole && rows === 0 ? 0 : text.length;
      field = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
    } else {
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
      field = text.slice(from, at);
      if (field.endsWith('\r')) field = field.slice(0, -1);
    }
    budget.step(at - from + 1);
    row.push(field);
    if (text[at] === delimiter) {
      at += 1;
      if (at >= text.length) row.push('');
      continue;
    }
    if (at >= text.length && !whole) return text.length;
    finish();
    at += 1;
  }
  if (whole && row.length > 0) finish();
  return text.length;
};

/** Whether a mark of a text with tabs is a part of its field: inches, or a quotation that goes on. Programs that write tabs seldom quote. */
const isLoose = (text: string, mark: number): boolean => {
  for (let at = mark + 1; at < text.length; at += 1) {
    const one = text[at];
    if (one === '\n') return true;
    if (one === '"') {
      if (text[at + 1] !== '"') return !['\t', '\r', '\n', undefined].includes(text[at + 1]);
      at += 1;
    }
  }
  return true;
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
