import { jsonOf } from '../../json.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';

/** JSON lines; where the first line is no document, one document or an array of them, if the sample holds it whole. */
export const readJson = ({ text, whole, share }: Sample): Reading | undefined => {
  const lines = text.split('\n');
  if (!whole) lines.pop();
  const documents: unknown[] = [];
  for (const line of lines) {
    if (line.trim() === '') continue;
    const parsed = jsonOf(line);
    if (parsed === undefined) {
      if (documents.length > 0) return undefined;
      return whole ? ofOne(jsonOf(text)) : undefined;
    }
    documents.push(parsed);
  }
  if (documents.length === 0) return whole ? { columns: [], rows: 0 } : undefined;
  if (whole && documents.length === 1) return ofOne(documents[0]);
  return readingOf(
    documents,
    whole || share === null ? documents.length : Math.round(documents.length / share),
  );
};

const ofOne = (document: unknown): Reading | undefined => {
  if (document === undefined) return undefined;
  const rows: readonly unknown[] = Array.isArray(document) ? document : [document];
  return readingOf(rows, rows.length);
};

const readingOf = (documents: readonly unknown[], rows: number): Reading => {
  const fields = new Map<string, Field>();
  for (const document of documents) {
    if (typeof document !== 'object' || document === null || Array.isArray(document)) continue;
    for (const [key, value] of Object.entries(document)) {
      const name = key.toWellFormed(); // an escape may stand for half a character
      const field = fields.get(name) ?? { kinds: new Set(), seen: 0, empty: false };
      if (fields.size >= mostFields && !fields.has(name)) continue;
      fields.set(name, field);
      field.seen += 1;
      if (value === null) field.empty = true;
      else field.kinds.add(kindOf(value));
    }
  }
  const columns = [...fields].map(([name, field], at) => columnOf(name, field, at + 1, documents.length));
  return { columns, rows };
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
