import { isTooLarge } from '../../network/budget.ts';
import { checkJson, type JsonLimits } from '../../network/foreign-json.ts';
import { jsonOf } from '../../json.ts';
import type { Column } from '../catalog.ts';
import type { Reading, Sample } from './columns.ts';

/**
 * Documents, one after the other with or without anything between, as JSON lines are and what Firehose writes; or one array of them. The last
 * one may be cut, by the end of the sample or of the file itself.
 */
export const readJson = (sample: Sample, limits: JsonLimits = sampleLimits): Reading | undefined => {
  const inside = /^\s*\[/.exec(sample.text)?.[0].length;
  const asArray = inside === undefined ? 'more' : readFrom(sample, { from: inside, inArray: true }, limits);
  // An array is a document too where another one follows.
  return asArray === 'more'
    ? asReading(readFrom(sample, { from: 0, inArray: false }, limits))
    : asReading(asArray);
};

const asReading = (outcome: Reading | 'more' | undefined) => (outcome === 'more' ? undefined : outcome);

const readFrom = (
  { text, whole, share }: Sample,
  start: Start,
  limits: JsonLimits,
): Reading | 'more' | undefined => {
  const fields = createFields();
  let left = limits.values;
  let read = 0;
  let isWhole = whole;
  const mayHoldSome = mayHoldWholeFraction.test(text);
  const take = (part: string, end: number): boolean => {
    left -= checkJson(part, { ...limits, values: left });
    const parsed = jsonOf(part);
    if (parsed === undefined) return false;
    fields.add(parsed, mayHoldSome && mayHoldWholeFraction.test(part) ? findFractions(part) : noNames);
    read = end;
    return true;
  };
  try {
    const ending = eachValue(text, start, whole, take);
    if (ending === 'more') return 'more';
    if (ending === 'invalid') return undefined;
    if (ending === 'cut' && fields.documents() === 0) {
      checkJson(text.slice(start.from), limits); // too deep is another answer than unreadable
      return undefined;
    }
  } catch (error) {
    // Who has read enough documents knows the fields.
    if (!isTooLarge(error) || fields.documents() < 2) throw error;
    isWhole = false;
  }
  const documents = fields.documents();
  if (documents === 0) return whole ? { columns: [], rows: 0 } : undefined;
  const seen = share === null ? 0 : (share * read) / Math.max(1, text.length);
  const reading = fields.reading(isWhole || seen === 0 ? documents : Math.round(documents / seen));
  return isWhole ? reading : { ...reading, looked: { documents } };
};

interface Start {
  readonly from: number;
  /** Whether what is read are the items of an array. */
  readonly inArray: boolean;
}

/**
 * Hands over the text of each value, with where it ends, until one is refused. `more`: behind the end of the array there is something else.
 * Looks at each character once.
 */
const eachValue = (
  text: string,
  { from, inArray }: Start,
  whole: boolean,
  take: (part: string, end: number) => boolean,
): 'end' | 'cut' | 'invalid' | 'more' => {
  const separator = inArray ? ',' : '\u001E'; // RFC 7464 begins each text with a record separator
  const isBetween = (one: string) => one === separator || /\s/.test(one);
  for (let at = from; ;) {
    while (at < text.length && isBetween(text.charAt(at))) at += 1;
    if (at >= text.length) return inArray ? 'cut' : 'end';
    if (inArray && text[at] === ']') return text.slice(at + 1).trim() === '' ? 'end' : 'more';
    const end = endOfValue(text, at, whole);
    if (end === undefined) return 'cut';
    if (!take(text.slice(at, end), end)) return 'invalid';
    at = end;
  }
};

const endOfValue = (text: string, from: number, whole: boolean): number | undefined => {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first !== '{' && first !== '[') {
    let at = from + 1;
    while (at < text.length && !/[\s,\]}[{"]/.test(text.charAt(at))) at += 1;
    return at < text.length || whole ? at : undefined;
  }
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const one = text[at];
    if (one === '"') {
      const end = endOfString(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (one === '{' || one === '[') depth += 1;
    else if ((one === '}' || one === ']') && (depth -= 1) === 0) return at + 1;
  }
  return undefined;
};

const endOfString = (text: string, from: number): number | undefined => {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
};

/** Of one sample. Only the outermost names of documents are looked at, so they may be nested deeply. */
const sampleLimits: JsonLimits = { depth: 500, values: 1_000_000, containers: 500_000 };

/** 1.0 or 1e3: of other fractions the value tells. */
const mayHoldWholeFraction = /[:[,\s]-?\d+(?:\.0+(?!\d)|\.\d+[eE]|[eE])/;
const noNames: ReadonlySet<string> = new Set();

/** The names in a document whose number is written with a point or exponent: 1.0 is an integer once it is parsed. */
const findFractions = (text: string): ReadonlySet<string> => {
  const found: { readonly holder: unknown; readonly key: string }[] = [];
  const note = function (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) {
    if (typeof value === 'number' && /[.eE]/.test(context?.source ?? '')) found.push({ holder: this, key });
    return value;
  };
  const document: unknown = JSON.parse(text, note);
  return new Set(found.filter(({ holder }) => holder === document).map(({ key }) => key));
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
    /** With the names whose number is written as a fraction, whatever its value. */
    add: (document: unknown, fractions: ReadonlySet<string>) => {
      documents += 1;
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return;
      for (const key of Object.keys(document)) {
        const value: unknown = Reflect.get(document, key);
        note(key, fractions.has(key) && typeof value === 'number' ? 0.5 : value);
      }
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
