/** How the spellings of types of one engine compare. */
export interface TypeNames {
  /** The canonical name by synonym, in lower case and without modifiers. */
  readonly synonyms: ReadonlyMap<string, string>;
  /** Types whose modifiers are ignored: they affect only the display of values, or the catalog does not contain them. */
  readonly unsized?: ReadonlySet<string>;
  /** Replaces a name that depends on its modifiers: `float(24)` becomes `real`, `int` becomes `number(38)`. */
  readonly expand?: (name: string, modifiers: string | undefined) => ExpandedType | undefined;
  /** `name[]` and `_name` are arrays, and a schema may precede a name. */
  readonly postgresql?: true;
}

export interface ExpandedType {
  readonly name: string;
  readonly modifiers?: string;
}

/** Whether the found type is the requested one. Length, precision, scale and schema count only if the request contains them. */
export const matchesType = (asked: string, found: string, names: TypeNames | undefined): boolean => {
  // A type of 1 MB, such as an enum with its values, is not worth parsing.
  if (found.length > MAX_COMPARED_TYPE_LENGTH) return asked === found;
  if (normalizeType(asked) === normalizeType(found)) return true;
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
const MAX_COMPARED_TYPE_LENGTH = 8192;
const quotationMarks = /['"`]/;

/** Converts to lower case, except names and values in quotation marks, whose case and blanks count. */
const normalizeType = (type: string): string =>
  quotationMarks.test(type)
    ? type
        .trim()
        .split(/('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)/)
        .map((part, at) => (at % 2 === 1 ? part : part.toLowerCase().replaceAll(/\s*([(),])\s*/g, '$1')))
        .join('')
    : type.trim().toLowerCase();

/** Reads `_name` as an array only if the found type is an array of `name`, because a type itself may have such a name. */
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
  const brackets = [...type.matchAll(/\(([^()]*)\)/g)].map(([, inside = '']) => normalizeType(inside));
  let name = normalizeType(type.replaceAll(/\([^()]*\)/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([<>,:]) ?/g, '$1');
  let dimensions = 0;
  let schema: string | undefined;
  if (postgresql) {
    const [bare = ''] = name.split('[', 1);
    // PostgreSQL ignores the declared number of dimensions: https://www.postgresql.org/docs/current/arrays.html
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
  // Angle brackets contain types, too, and names of fields.
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

/** Drops a scale of 0 and the unit byte, which are the defaults of most engines. */
const normalizeModifiers = (text: string): string =>
  text.replaceAll(/\s/g, '').replace(/,0$/, '').replace(/byte$/, '');

/** Each line of the table is a name and its synonyms, separated by `|`. */
export const createSynonymMap = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(table).flatMap(([name, others]) =>
      [name, ...others.split('|')].map((synonym) => [synonym, name] as const),
    ),
  );

/** The same for a text: groups are separated by commas, and the first name of a group is the canonical one. */
export const parseSynonyms = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(',').flatMap((group) => {
      const [name = '', ...others] = group.trim().split('|');
      return [name, ...others].map((synonym) => [synonym, name] as const);
    }),
  );

/** Expands `float(n)` of SQL: up to 24 bits of precision are the shorter type. */
export const createFloatExpander =
  (single: string, double: string): NonNullable<TypeNames['expand']> =>
  (name, modifiers) =>
    name === 'float' && /^\d{1,2}$/.test(modifiers ?? '')
      ? { name: Number(modifiers) <= 24 ? single : double }
      : undefined;
