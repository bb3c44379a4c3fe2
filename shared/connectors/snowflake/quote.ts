import { createQuoter } from '../sql/create-quoter.ts';

export const {
  quoteName: quoteSnowflakeName,
  quotePath: quoteSnowflakePath,
  quoteText: doubleSnowflakeQuotes,
} = createQuoter({
  mark: '"',
  // Snowflake reads an unquoted name in upper case.
  bare: /^[A-Z_][A-Z0-9_$]*$/,
  // https://docs.snowflake.com/en/sql-reference/reserved-keywords
  reserved: `ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP
  GSCLUSTER HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS
  NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET SOME START TABLE
  TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WITH`,
});

/** Quotes a text as a literal, in which a backslash is an escape, too. */
export const quoteSnowflakeText = (text: string): string =>
  doubleSnowflakeQuotes(text.replaceAll('\\', '\\\\'));

/** Splits a qualified name as a statement spells it: `DB.PUBLIC."Mixed Case"`. Returns `undefined` if the text is not a name. */
export const parseSnowflakeName = (name: string): readonly string[] | undefined => {
  const parts: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^".]+))(\.|$)/y;
  while (pattern.lastIndex < name.length) {
    const [, inQuotes, bare = '', end] = pattern.exec(name) ?? [];
    if (end === undefined) return undefined;
    parts.push(inQuotes?.replaceAll('""', '"') ?? bare);
    if (end === '') break;
  }
  return parts;
};
