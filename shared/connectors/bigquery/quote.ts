import { createQuoter } from '../sql/create-quoter.ts';

/** A dash in the name of a project is a minus sign outside of quotation marks, so paths are always quoted. */
export const { quoteName: quoteBigqueryName, quotePath: quoteBigqueryPath } = createQuoter({
  mark: '`',
  escape: 'backslash',
  bare: /^[A-Za-z_][A-Za-z0-9_]*$/,
  // https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
  reserved: `all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current default
  define desc distinct else end enum escape except exclude exists extract false fetch following for from full group grouping
  groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural new no not
  null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows select set
  some struct tablesample then to treat true unbounded union unnest using when where window with within`,
});
