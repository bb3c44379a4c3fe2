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
  if (normalize(asked) === normalize(found)) return true;
  // Quotation marks enclose names and values, whose case and blanks count.
  if (!names || /['"`]/.test(asked) || /['"`]/.test(found)) return false;
  const [one, other] = [parseType(asked, names), parseType(found, names)];
  return (
    one.name === other.name &&
    one.dimensions === other.dimensions &&
    (one.modifiers === undefined || one.modifiers === other.modifiers) &&
    (one.schema === undefined ||
      one.schema === (other.schema ?? (names.synonyms.has(other.name) ? undefined : 'public')))
  );
};

const normalize = (type: string): string => type.trim().toLowerCase();

const parseType = (type: string, { synonyms, unsized, expand, postgresql }: TypeNames) => {
  const brackets = [...type.matchAll(/\(([^()]*)\)/g)].map(([, inside = '']) => normalize(inside));
  let name = normalize(type.replaceAll(/\([^()]*\)/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([<>,:]) ?/g, '$1');
  let dimensions = 0;
  let schema: string | undefined;
  if (postgresql) {
    const [bare = ''] = name.split('[', 1);
    // PostgreSQL ignores how many dimensions are declared: https://www.postgresql.org/docs/current/arrays.html
    if (bare !== name) dimensions = 1;
    name = bare.trim();
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
