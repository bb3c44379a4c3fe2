import { isTooLargeProblem } from '../../network/budget.ts';
import { countJsonValues, type JsonLimits } from '../../network/http/parse-foreign-json.ts';
import { tryParseJson } from '../../json.ts';
import type { Column } from '../catalog.ts';
import type { ObjectColumns, TextSample } from './object-columns.ts';

/**
 * Reads consecutive documents, with or without separators, as in JSON Lines and in the files of Firehose; or one array of documents. The end
 * of the sample, or of the file itself, may cut off the last document.
 */
export const readJsonColumns = (
  sample: TextSample,
  limits: JsonLimits = jsonSampleLimits,
): ObjectColumns | undefined => {
  const inside = /^\s*\[/.exec(sample.text)?.[0].length;
  const asArray =
    inside === undefined ? 'more' : readJsonFrom(sample, { from: inside, inArray: true }, limits);
  // If another document follows the array, the array itself is a document.
  return asArray === 'more'
    ? toJsonReading(readJsonFrom(sample, { from: 0, inArray: false }, limits))
    : toJsonReading(asArray);
};

const toJsonReading = (outcome: ObjectColumns | 'more' | undefined) =>
  outcome === 'more' ? undefined : outcome;

const readJsonFrom = (
  { text, whole, share }: TextSample,
  start: JsonStart,
  limits: JsonLimits,
): ObjectColumns | 'more' | undefined => {
  const fields = createJsonFields();
  let left = limits.values;
  let read = 0;
  let isWhole = whole;
  const mayHoldFractions = wholeFractionPattern.test(text);
  const takeDocument = (part: string, end: number): boolean => {
    left -= countJsonValues(part, { ...limits, values: left });
    const parsed = tryParseJson(part);
    if (parsed === undefined) return false;
    fields.add(
      parsed,
      mayHoldFractions && wholeFractionPattern.test(part) ? findFractionNames(part) : noFieldNames,
    );
    read = end;
    return true;
  };
  try {
    const ending = readJsonValues(text, start, whole, takeDocument);
    if (ending === 'more') return 'more';
    if (ending === 'invalid') return undefined;
    if (ending === 'cut' && fields.documents() === 0) {
      countJsonValues(text.slice(start.from), limits); // throws if the document is nested too deeply
      return undefined;
    }
  } catch (error) {
    // Two documents are enough: keep the fields that were read within the limits.
    if (!isTooLargeProblem(error) || fields.documents() < 2) throw error;
    isWhole = false;
  }
  const documents = fields.documents();
  if (documents === 0) return whole ? { columns: [], rows: 0 } : undefined;
  const readShare = share === null ? 0 : (share * read) / Math.max(1, text.length);
  const reading = fields.reading(isWhole || readShare === 0 ? documents : Math.round(documents / readShare));
  return isWhole ? reading : { ...reading, sampled: { documents } };
};

interface JsonStart {
  readonly from: number;
  /** Whether the values are the items of an array. */
  readonly inArray: boolean;
}

/**
 * Calls `take` with the text of each value and the position where it ends, until `take` returns false. `more` means that something follows
 * the array. Reads each character once.
 */
const readJsonValues = (
  text: string,
  { from, inArray }: JsonStart,
  whole: boolean,
  take: (part: string, end: number) => boolean,
): 'end' | 'cut' | 'invalid' | 'more' => {
  const separator = inArray ? ',' : '\u001E'; // RFC 7464 puts a record separator before each text
  const isSeparator = (character: string) => character === separator || /\s/.test(character);
  for (let at = from; ;) {
    while (at < text.length && isSeparator(text.charAt(at))) at += 1;
    if (at >= text.length) return inArray ? 'cut' : 'end';
    if (inArray && text[at] === ']') return text.slice(at + 1).trim() === '' ? 'end' : 'more';
    const end = findJsonValueEnd(text, at, whole);
    if (end === undefined) return 'cut';
    if (!take(text.slice(at, end), end)) return 'invalid';
    at = end;
  }
};

const findJsonValueEnd = (text: string, from: number, whole: boolean): number | undefined => {
  const first = text[from];
  if (first === '"') return findSampleStringEnd(text, from);
  if (first !== '{' && first !== '[') {
    let at = from + 1;
    while (at < text.length && !/[\s,\]}[{"]/.test(text.charAt(at))) at += 1;
    return at < text.length || whole ? at : undefined;
  }
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const one = text[at];
    if (one === '"') {
      const end = findSampleStringEnd(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (one === '{' || one === '[') depth += 1;
    else if ((one === '}' || one === ']') && (depth -= 1) === 0) return at + 1;
  }
  return undefined;
};

const findSampleStringEnd = (text: string, from: number): number | undefined => {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
};

/** Limits for one sample. Only the top-level fields of documents are read, so documents may be deeply nested. */
const jsonSampleLimits: JsonLimits = { depth: 500, values: 1_000_000, containers: 500_000 };

/** Finds 1.0 and 1e3, which become integers when they are parsed; other fractions stay fractions. */
const wholeFractionPattern = /[:[,\s]-?\d+(?:\.0+(?!\d)|\.\d+[eE]|[eE])/;
const noFieldNames: ReadonlySet<string> = new Set();

/** Finds the top-level fields whose number is written with a point or exponent: once it is parsed, 1.0 is an integer. */
const findFractionNames = (text: string): ReadonlySet<string> => {
  const found: { readonly holder: unknown; readonly key: string }[] = [];
  const noteFraction = function (
    this: unknown,
    key: string,
    value: unknown,
    context?: { readonly source?: string },
  ) {
    if (typeof value === 'number' && /[.eE]/.test(context?.source ?? '')) found.push({ holder: this, key });
    return value;
  };
  const document: unknown = JSON.parse(text, noteFraction);
  return new Set(found.filter(({ holder }) => holder === document).map(({ key }) => key));
};

/** Collects the fields of documents as they arrive, and keeps no document. */
const createJsonFields = () => {
  const fields = new Map<string, JsonSampleField>();
  let documents = 0;
  let cut = false;
  const noteField = (key: string, value: unknown) => {
    const name = key.toWellFormed(); // an escape may be an unpaired surrogate
    const field = fields.get(name) ?? { kinds: new Set(), seen: 0, empty: false };
    if (fields.size >= MAX_JSON_FIELDS && !fields.has(name)) {
      cut = true;
      return;
    }
    fields.set(name, field);
    field.seen += 1;
    if (value === null) field.empty = true;
    else field.kinds.add(toJsonSampleKind(value));
  };
  return {
    documents: () => documents,
    /** `fractions` are the fields whose number is written as a fraction, whatever its value. */
    add: (document: unknown, fractions: ReadonlySet<string>) => {
      documents += 1;
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return;
      for (const key of Object.keys(document)) {
        const value: unknown = Reflect.get(document, key);
        noteField(key, fractions.has(key) && typeof value === 'number' ? 0.5 : value);
      }
    },
    reading: (rows: number): ObjectColumns => ({
      columns: [...fields].map(([name, field], at) => toJsonColumn(name, field, at + 1, documents)),
      rows,
      ...(cut && { cut }),
    }),
  };
};

interface JsonSampleField {
  readonly kinds: Set<JsonSampleKind>;
  seen: number;
  empty: boolean;
}

/** Documents may use data, such as IDs, as field names. */
const MAX_JSON_FIELDS = 2000;

type JsonSampleKind = 'string' | 'integer' | 'float' | 'boolean' | 'json' | 'array';

const toJsonSampleKind = (value: unknown): JsonSampleKind => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'boolean' : 'json';
};

/** JSON's own words for the kinds. */
const jsonTypeWords = {
  string: 'string',
  integer: 'integer',
  float: 'number',
  boolean: 'boolean',
  json: 'object',
  array: 'array',
} as const satisfies Record<JsonSampleKind, string>;

const toJsonColumn = (
  name: string,
  { kinds, seen, empty }: JsonSampleField,
  position: number,
  of: number,
): Column => {
  if (kinds.has('float')) kinds.delete('integer');
  const found = [...kinds].sort();
  return {
    name,
    type: found.length === 0 ? 'null' : found.map((kind) => jsonTypeWords[kind]).join(' | '),
    kind: mergeJsonKinds(found),
    nullable: empty || seen < of,
    default: null,
    generated: null,
    comment: null,
    position,
    share: seen / of,
  };
};

const mergeJsonKinds = ([only, another]: readonly JsonSampleKind[]): Column['kind'] => {
  if (only === undefined) return 'other';
  return another === undefined ? only : 'json';
};
