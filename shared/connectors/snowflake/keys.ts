import type { Missing } from '../catalog.ts';
import type { Drafts } from '../sql/drafts.ts';
import type { createParts } from '../parts.ts';
import type { Row } from './driver.ts';
import { quoted } from './quote.ts';
import type { Ask } from './session.ts';

/** Adds declared keys, which Snowflake does not enforce, to the drafts of their tables. Returns what the limit of SHOW left out. */
export const readKeys = async (
  ask: Ask,
  database: string,
  schemas: readonly string[],
  drafts: Drafts,
  parts: ReturnType<typeof createParts>,
): Promise<readonly Missing[]> => {
  let count = 0;
  const read = (kind: string, undo: () => void, take: (row: Row) => void) =>
    parts.read({ reason: 'keys-unread', undo }, async () => {
      count += await shown(ask, kind, database, schemas, take);
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
          drafts.pair(draft, row['fk_name'] ?? '', row['key_sequence'], row['fk_column_name'] ?? '', theirs);
      },
    ),
  ]);
  return count > 0 ? [{ reason: 'keys-limited', count, remediation }] : [];
};

const remediation =
  'SHOW lists 10000 columns of keys of a schema at most: spread the tables of the schemas that have more.';

/** https://docs.snowflake.com/en/sql-reference/sql/show#general-usage-notes */
const limit = 10_000;

/**
 * Uses SHOW, because information_schema does not say which columns a key has. SHOW stops at its limit without notice; the keys are then read
 * schema by schema. Returns the number of schemas that still reach the limit.
 */
const shown = async (
  ask: Ask,
  kind: string,
  database: string,
  schemas: readonly string[],
  take: (row: Row) => void,
): Promise<number> => {
  const whole = await all(ask(`show ${kind} keys in database ${quoted(database)}`));
  let cut = 0;
  if (whole.length < limit) whole.forEach(take);
  else
    for (const schema of schemas) {
      const some = await all(ask(`show ${kind} keys in schema ${quoted(database)}.${quoted(schema)}`));
      if (some.length >= limit) cut += 1;
      some.forEach(take);
    }
  return cut;
};

const all = async (rows: AsyncIterable<Row>): Promise<Row[]> => {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
};
