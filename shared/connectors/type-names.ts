/** How an engine's spellings of one type come together. */
export interface TypeNames {
  /** By synonym, in lower case and without modifiers: the name that it stands for. */
  readonly synonyms: ReadonlyMap<string, string>;
  /** Types of which numbers in brackets do not count: they change only how values are shown, or the catalog does not tell them. */
  readonly unsized?: ReadonlySet<string>;
  /** What stands for a name with those numbers, where it is more than a synonym: `float(24)` is `real`, `int` is `number(38)`. */
  readonly expand?: (name: string, modifiers: string | undefined) => ExpandedType | undefined;
  /** `name[]` and `_name` are arrays, and a name may stand behind its schema. */
  readonly postgresql?: true;
}

export interface ExpandedType {
  readonly name: string;
  readonly modifiers?: string;
}

/** Whether a column of the found type is as asked: length, precision, scale and schema count only where they are asked for. */
export const matchesType = (asked: string, found: string, names: TypeNames | undefined): boolean => {
  // Of a list of values of a megabyte nobody asks for all.
  if (found.length > longestCompared) return asked === found;
  if (normalize(asked) === normalize(found)) return true;
  if (!names || quotationMarks.test(asked) || quotationMarks.test(found)) return false;
  const [one, other] = alignArrays(parseType(asked, names), parseType(found, names), names);
  return (
    one.name === other.name &&
    one.dimensions === other.dimensions &&
    (one.modifiers === undefined || one.modifiers === other.modifiers) &&
    (one.schema === undefined ||
      one.schema === (other.schema ?? (names.synonyms.has(other.name) ? undefined : 'public')))
  );
};

/** Characters. */
const longestCompared = 8192;
const quotationMarks = /['"`]/;

/** In lower case, but for names and values between quotation marks, whose case and blanks count. */
const normalize = (type: string): string =>
  quotationMarks.test(type)
    ? type
        .trim()
        .split(/('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)/)
        .map((part, at) => (at % 2 === 1 ? part : part.toLowerCase().replaceAll(/\s*([(),])\s*/g, '$1')))
        .join('')
    : type.trim().toLowerCase();

/** `_name` is an array where what was found is one of `name`: a type may also have such a name itself. */
const alignArrays = (asked: ParsedType, found: ParsedType, { postgresql }: TypeNames) =>
  postgresql && found.dimensions > asked.dimensions && asked.name === `_${found.name}`
    ? ([{ ...asked, name: found.name, dimensions: found.dimensions }, found] as const)
    : ([asked, found] as const);

interface ParsedType {
  readonly name: string;
  readonly dimensions: number;
  readonly schema: string | undefined;
  readonly modifiers: string | undefined;
}

const parseType = (type: string, { synonyms, unsized, expand, postgresql }: TypeNames): ParsedType => {
  const brackets = [...type.matchAll(/\(([^()]*)\)/g)].map(([, inside = '']) => normalize(inside));
  let name = normalize(type.replaceAll(/\([^()]*\)/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([<>,:]) ?/g, '$1');
  let dimensions = 0;
  let schema: string | undefined;
  if (postgresql) {
    const [bare = ''] = name.split('[', 1);
    // PostgreSQL ignores how many dimensions are declared: https://www.postgresql.org/docs/current/arrays.html
    const element = bare.trim().replace(/ array$/, '');
    if (bare !== name || element !== bare.trim()) dimensions = 1;
    name = element;
    const dot = name.indexOf('.');
    if (dot > 0) [schema, name] = [name.slice(0, dot), name.slice(dot + 1)];
    if (schema === 'pg_catalog') schema = undefined;
    if (name.startsWith('_') && synonyms.has(name.slice(1))) [dimensions, name] = [1, name.slice(1)];
  }
  const [, stem = name, sign = ''] = /^(.*?)( unsigned)?( zerofill)?$/.exec(name) ?? [];
  const given = brackets.length > 0 ? brackets.map(normalizeModifiers).join(';') : undefined;
  const { name: expanded, modifiers } = expand?.(stem, given) ?? { name: stem, modifiers: given };
  // What is in angle brackets are types too, and names of fields.
  const canonical = expanded.includes('<')
    ? expanded.replaceAll(/\w+/g, (word) => synonyms.get(word) ?? word)
    : (synonyms.get(expanded) ?? expanded);
  return {
    name: canonical + sign,
    dimensions,
    schema,
    modifiers: unsized?.has(canonical) ? undefined : modifiers,
  };
};

/** A scale of 0 is the default of most engines, and bytes are the unit of lengths. */
const normalizeModifiers = (text: string): string =>
  text.replaceAll(/\s/g, '').replace(/,0$/, '').replace(/byte$/, '');

/** Each line: a name, and the synonyms of it. */
export const readSynonyms = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(table).flatMap(([name, others]) =>
      [name, ...others.split('|')].map((synonym) => [synonym, name] as const),
    ),
  );

/** SQL's `float(n)`: n bits of precision, of which 24 fit the shorter type. */
export const expandFloat =
  (single: string, double: string): NonNullable<TypeNames['expand']> =>
  (name, modifiers) =>
    name === 'float' && /^\d{1,2}$/.test(modifiers ?? '')
      ? { name: Number(modifiers) <= 24 ? single : double }
      : undefined;
