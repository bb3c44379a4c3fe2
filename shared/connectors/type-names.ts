/** How an engine's spellings of one type come together. */
export interface TypeNames {
  /** By synonym, in lower case and without modifiers: the name that it stands for. */
  readonly synonyms: ReadonlyMap<string, string>;
  /** Types whose number in brackets changes only how values are shown. */
  readonly displayWidths?: ReadonlySet<string>;
  /** `name[]` and `_name` are arrays, and a name may stand behind its schema. */
  readonly postgresql?: true;
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

const parseType = (type: string, { synonyms, displayWidths, postgresql }: TypeNames) => {
  const inBrackets = /\(([^()]*)\)/.exec(type)?.[1];
  let name = normalize(type.replace(/\([^()]*\)/, ' ')).replaceAll(/\s+/g, ' ');
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
  const canonical = synonyms.get(stem) ?? stem;
  const modifiers = inBrackets?.replaceAll(/\s/g, '').replace(/,0$/, '');
  return {
    name: canonical + sign,
    dimensions,
    schema,
    modifiers: displayWidths?.has(canonical) ? undefined : modifiers,
  };
};

/** Each line: a name, and the synonyms of it. */
export const readSynonyms = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(table).flatMap(([name, others]) =>
      [name, ...others.split('|')].map((synonym) => [synonym, name] as const),
    ),
  );
