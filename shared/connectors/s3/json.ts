import { isTooLarge } from '../../network/budget.ts';
import { checkJson, type JsonLimits } from '../../network/foreign-json.ts';
import { jsonOf } from '../../json.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';

/** JSON lines; where the first line is no document, one document or an array of them, if the sample holds it whole. */
export const readJson = (
  { text, whole, share }: Sample,
  limits: JsonLimits = sampleLimits,
): Reading | undefined => {
  const fields = createFields();
  let left = limits.values;
  const parse = (part: string): unknown => {
    left -= checkJson(part, { ...limits, values: left });
    return jsonOf(part);
  };
  let only: unknown;
  let read = 0;
  try {
    for (let from = 0; from < text.length; from = read) {
      const end = text.indexOf('\n', from);
      if (end < 0 && !whole) break;
      const line = text.slice(from, end < 0 ? text.length : end);
      if (line.trim() !== '') {
        const parsed = parse(line);
        if (parsed === undefined) {
          if (fields.documents() > 0) return undefined;
          return whole ? readingOfOne(parse(text)) : undefined;
        }
        only = parsed;
        fields.add(parsed);
      }
      read = end < 0 ? text.length : end + 1;
    }
  } catch (error) {
    // Who has read enough documents knows the fields.
    if (!isTooLarge(error) || fields.documents() < 2) throw error;
    whole = false;
  }
  const documents = fields.documents();
  if (documents === 0) return whole ? { columns: [], rows: 0 } : undefined;
  if (whole && documents === 1) return readingOfOne(only);
  const seen = share === null ? 0 : (share * read) / Math.max(1, text.length);
  return fields.reading(whole || seen === 0 ? documents : Math.round(documents / seen));
};

/** Of one sample. Only the outermost names of documents are looked at, so they may be nested deeply. */
const sampleLimits: JsonLimits = { depth: 500, values: 1_000_000, containers: 500_000 };

const readingOfOne = (document: unknown): Reading | undefined => {
  if (document === undefined) return undefined;
  const rows: readonly unknown[] = Array.isArray(document) ? document : [document];
  const fields = createFields();
  for (const row of rows) fields.add(row);
  return fields.reading(rows.length);
};

/** Folds documents as they come, and keeps none. */
const createFields = () => {
  const fields = new Map<string, Field>();
  let documents = 0;
  let cut = false;
  const note = (key: string, value: unknown) => {
    const name = key.toWellFormed(); // an escape may stand for half a character
    const field = fields.get(name) ?? { kinds: new Set(), seen: 0, empty: false };
    if (fields.size >= mostFields && !fields.has(name)) {
      cut = true;
      return;
    }
    fields.set(name, field);
    field.seen += 1;
    if (value === null) field.empty = true;
    else field.kinds.add(kindOf(value));
  };
  return {
    documents: () => documents,
    add: (document: unknown) => {
      documents += 1;
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return;
      for (const key of Object.keys(document)) note(key, Reflect.get(document, key));
    },
    reading: (rows: number): Reading => ({
      columns: [...fields].map(([name, field], at) => columnOf(name, field, at + 1, documents)),
      rows,
      ...(cut && { cut }),
    }),
  };
};

interface Field {
  readonly kinds: Set<Kind>;
  seen: number;
  empty: boolean;
}

/** Documents may name their fields by anything, such as ids. */
const mostFields = 2000;

type Kind = 'string' | 'integer' | 'float' | 'boolean' | 'json' | 'array';

const kindOf = (value: unknown): Kind => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'json';
};

/** JSON's own words for what was found. */
const words = {
  string: 'string',
  integer: 'integer',
  float: 'number',
  boolean: 'boolean',
  json: 'object',
  array: 'array',
} as const satisfies Record<Kind, string>;

const columnOf = (name: string, { kinds, seen, empty }: Field, position: number, of: number): Column => {
  if (kinds.has('float')) kinds.delete('integer');
  const found = [...kinds].sort();
  const [only, another] = found;
  return {
    name,
    type: found.length === 0 ? 'null' : found.map((kind) => words[kind]).join(' | '),
    kind: only === undefined ? 'other' : another === undefined ? only : 'json',
    nullable: empty || seen < of,
    default: null,
    generated: null,
    comment: null,
    position,
    share: seen / of,
  };
};
