/** Quotes a name only if Oracle requires it: it reads an unquoted name in upper case. */
export const quoteOracleName = (identifier: string): string =>
  /^[A-Z][A-Z0-9_$#]*$/.test(identifier) && identifier.length <= 128 && !oracleReservedWords.has(identifier)
    ? identifier
    : forceQuoteOracleName(identifier);

/** Always quotes, for use in grants. Oracle allows no double quote in a name. */
export const forceQuoteOracleName = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Oracle-SQL-Reserved-Words.html */
const oracleReservedWords: ReadonlySet<string> = new Set(
  `ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COLUMN_VALUE COMMENT COMPRESS CONNECT CREATE
  CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING IDENTIFIED
  IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS MLSLABEL MODE
  MODIFY NESTED_TABLE_ID NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER PCTFREE PRIOR PUBLIC RAW
  RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN
  TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH`.split(
    /\s+/,
  ),
);
