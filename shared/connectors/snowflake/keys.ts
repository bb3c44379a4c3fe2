import type { Missing } from '../catalog.ts';
import { reportMissing } from '../reading/report-missing.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import type { createPartReader } from '../reading/part-reader.ts';
import type { SnowflakeRow } from './driver.ts';
import { quoteSnowflakePath } from './quote.ts';
import type { SnowflakeQuery } from './session-context.ts';

/** Adds declared keys, which Snowflake does not enforce, to the drafts of their tables. Returns what the limit of SHOW left out. */
export const readSnowflakeKeys = async (
  ask: SnowflakeQuery,
  database: string,
  schemas: readonly string[],
  drafts: TableDrafts,
  parts: ReturnType<typeof createPartReader>,
): Promise<readonly Missing[]> => {
  let count = 0;
  const read = (kind: string, undo: () => void, take: (row: SnowflakeRow) => void) =>
    parts.read({ reason: 'keys-unread', undo }, async () => {
      count += await showSnowflakeKeys(ask, kind, database, schemas, take);
    });
  await Promise.all([
    read(
      'primary',
      () => drafts.drop('primaryKey'),
      (row) => {
        const draft = drafts.find(row['table_name'], row['schema_name']);
        if (draft) drafts.put(draft.primaryKey, row['key_sequence'], row['column_name'] ?? '');
      },
    ),
    read(
      'imported',
      () => drafts.drop('foreignKeys'),
      (row) => {
        const draft = drafts.find(row['fk_table_name'], row['fk_schema_name']);
        const theirs = {
          schema: row['pk_schema_name'] ?? '',
          table: row['pk_table_name'] ?? '',
          column: row['pk_column_name'] ?? '',
          valid: false, // Snowflake does not check it
        };
        if (draft)
          drafts.addForeignKeyPart(
            draft,
            row['fk_name'] ?? '',
            row['key_sequence'],
            row['fk_column_name'] ?? '',
            theirs,
          );
      },
    ),
  ]);
  return reportMissing('keys-limited', keysLimitedRemediation, count);
};

const keysLimitedRemediation =
  'Snowflake lists at most 10000 key columns per schema (SHOW … KEYS), so the catalog lacks some keys. Move some tables of these schemas to other schemas.';

/** https://docs.snowflake.com/en/sql-reference/sql/show#general-usage-notes */
const MAX_SHOWN_KEYS = 10_000;

/**
 * Uses SHOW, because information_schema does not say which columns a key has. SHOW stops at its limit without notice; the keys are then read
 * schema by schema. Returns the number of schemas that still reach the limit.
 */
const showSnowflakeKeys = async (
  ask: SnowflakeQuery,
  kind: string,
  database: string,
  schemas: readonly string[],
  take: (row: SnowflakeRow) => void,
): Promise<number> => {
  const whole = await collectSnowflakeRows(
    ask(`show ${kind} keys in database ${quoteSnowflakePath(database)}`),
  );
  let cut = 0;
  if (whole.length < MAX_SHOWN_KEYS) whole.forEach(take);
  else
    for (const schema of schemas) {
      const some = await collectSnowflakeRows(
        ask(`show ${kind} keys in schema ${quoteSnowflakePath(database, schema)}`),
      );
      if (some.length >= MAX_SHOWN_KEYS) cut += 1;
      some.forEach(take);
    }
  return cut;
};

const collectSnowflakeRows = async (rows: AsyncIterable<SnowflakeRow>): Promise<SnowflakeRow[]> => {
  const found: SnowflakeRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
};
