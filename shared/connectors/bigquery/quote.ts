/** Quotes a name only if GoogleSQL needs it. Inside quotes, a backslash is an escape. */
export const quoteBigqueryName = (identifier: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(identifier) && !bigqueryReservedWords.has(identifier.toLowerCase())
    ? identifier
    : quoteBigqueryPath(identifier);

/** Quotes a qualified name, always: only quotes make a dash in a project's name differ from a minus sign. */
export const quoteBigqueryPath = (...identifiers: readonly string[]): string =>
  identifiers.map((name) => `\`${name.replace(/[\\`]/g, String.raw`\$&`)}\``).join('.');

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords */
const bigqueryReservedWords: ReadonlySet<string> = new Set(
  `all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current default
  define desc distinct else end enum escape except exclude exists extract false fetch following for from full group grouping
  groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural new no not
  null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows select set
  some struct tablesample then to treat true unbounded union unnest using when where window with within`.split(
    /\s+/,
  ),
);
