import { createQuoter } from '../sql/create-quoter.ts';

export const {
  quoteName: quoteDatabricksName,
  quotePath: quoteDatabricksPath,
  quoteText: quoteDatabricksText,
} = createQuoter({
  mark: '`',
  textEscape: 'backslash',
  // Names are stored in lower case.
  bare: /^[a-z_][a-z0-9_]*$/,
  // https://docs.databricks.com/sql/language-manual/sql-ref-reserved-words and, for safety, the reserved words of ANSI SQL
  reserved: `all and anti any array as at authorization between both by case cast check collate column constraint create cross cube current
  current_date current_time current_timestamp current_user default delete describe distinct drop else end escape except exists
  false fetch filter for foreign from full function global grant group grouping having in inner insert intersect into is join
  lateral leading left like local minus natural no not null of on only or order out outer overlaps partition position primary
  range references revoke right rollup row rows select semi session_user set some start struct table tablesample then time to
  trailing true truncate union unique unknown update user using values when where window with within`,
});
