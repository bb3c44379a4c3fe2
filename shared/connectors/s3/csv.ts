import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';

/** The header names the columns, and the rows of the sample tell their kinds. A first row that holds a number is no header. */
export const readCsv = ({ text, whole, share }: Sample): Reading | undefined => {
  const delimiter = delimiterOf(text);
  const rows = rowsOf(text, delimiter, whole);
  const [first] = rows;
  if (!first) return whole ? { columns: [], rows: 0 } : undefined;
  if (first.includes('\0') || first.some((field) => field.includes('\0'))) return undefined;
  const header = first.every((field) => ['string', 'boolean'].includes(kindOf(field.trim()) ?? 'string'));
  const values = header ? rows.slice(1) : rows;
  const names = unique(header ? first.map((field) => field.trim()) : first.map(() => ''));
  return {
    columns: names.map((name, at) => columnOf(name, at, values)),
    rows: whole || share === null ? values.length : Math.round(values.length / share),
  };
};

const columnOf = (name: string, at: number, rows: readonly (readonly string[])[]): Column => {
  const kind = common(rows.map((row) => kindOf((row[at] ?? '').trim())).filter((one) => one !== undefined));
  return {
    name,
    type: kind,
    kind,
    nullable: true,
    default: null,
    generated: null,
    comment: null,
    position: at + 1,
  };
};

type Kind = 'integer' | 'decimal' | 'boolean' | 'date' | 'timestamp' | 'uuid' | 'string';

/** Nothing for an empty field. What begins with a zero is a number to nobody who would lose the zero. */
const kindOf = (field: string): Kind | undefined =>
  field === '' ? undefined : (forms.find(([form]) => form.test(field))?.[1] ?? 'string');

const forms: readonly (readonly [RegExp, Kind])[] = [
  [/^[+-]?(0|[1-9]\d{0,17})$/, 'integer'],
  [/^[+-]?(0|[1-9]\d*)?\.\d+([eE][+-]?\d+)?$/, 'decimal'],
  [/^(true|false)$/i, 'boolean'],
  [/^\d{4}-\d{2}-\d{2}$/, 'date'],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?$/, 'timestamp'],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'uuid'],
];

const common = (kinds: readonly Kind[]): Kind => {
  const [first, second, ...more] = new Set(kinds);
  if (first === undefined) return 'string';
  if (second === undefined) return first;
  const both = new Set([first, second]);
  if (more.length > 0) return 'string';
  if (both.has('integer') && both.has('decimal')) return 'decimal';
  return both.has('date') && both.has('timestamp') ? 'timestamp' : 'string';
};

/** Whichever the first line has most of, outside of quotes. */
const delimiterOf = (text: string): string => {
  const line =
    /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text.slice(0, 65_536))?.[0].replaceAll(/"(?:[^"]|"")*"/g, '') ?? '';
  const counts = [',', ';', '\t', '|'].map((one) => [one, line.split(one).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
};

/** RFC 4180; the last row of a part of a file is not taken for a whole one. https://www.rfc-editor.org/rfc/rfc4180 */
const rowsOf = (text: string, delimiter: string, whole: boolean): string[][] => {
  const rows: string[][] = [];
  let row: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    let field: string;
    if (text[at] === '"') {
      let end = at + 1;
      for (;;) {
        end = text.indexOf('"', end);
        if (end < 0 || text[end + 1] !== '"') break;
        end += 2;
      }
      if (end < 0) return whole && rows.length === 0 ? [] : rows;
      field = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
    } else {
      from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
      field = text.slice(from, at);
      if (field.endsWith('\r')) field = field.slice(0, -1);
    }
    row.push(field);
    if (text[at] === delimiter) {
      at += 1;
      if (at >= text.length) row.push('');
      continue;
    }
    if (at >= text.length && !whole) return rows;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    at += 1;
  }
  if (whole && row.length > 0) rows.push(row);
  return rows;
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
