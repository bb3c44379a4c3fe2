import type { Client } from 'pg';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { transact, type Statement } from '../postgresql/flight.ts';
import { addLowerCase } from '../names.ts';
import { notThere, unreadable } from '../postgresql/grants.ts';
import { quote } from '../postgresql/quote.ts';
import type { Draft } from '../sql/draft.ts';
import { failure } from '../postgresql/failures.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { createParts, isOfOnePart } from '../parts.ts';
import { catalogQueries, statisticsQuery } from './queries.ts';
import { readRows } from './rows.ts';
import { beginReading } from './session-state.ts';

/**
 * Runs two batches: the catalog, then statistics, which most accounts may not read. Tested on a PostgreSQL with views named as in Redshift
 * (test/engines/redshift.d), not on Redshift itself. Not tested are its grammar, SUPER, materialized and late-binding views, datashares,
 * external schemas except one invented table, and the speed of its leader node.
 */
export const introspect = async (
  client: Client,
  scope: Scope,
  sink: Sink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly Statement[]) =>
    transact(client, beginReading(queryTimeoutMs), statements, queryTimeoutMs);
  const reading = await readCatalog(client, scope, run, false).catch(async (error: unknown) => {
    if (!isOfOnePart(error, failure) || failure(error)?.code === 'timeout') throw error;
    const local = await readCatalog(client, scope, run, true);
    return { ...local, missing: [externalUnread(failure(error)?.native)] };
  });
  const { drafts, schemas, closed, seen, account } = reading;
  // External schemas may appear only in the list of tables.
  for (const { schema } of drafts.inOrder()) schemas.add(schema);
  const statistics = createParts({ failure, grant: `GRANT SELECT ON svv_table_info TO ${quote(account)};` });
  await statistics.read({ reason: 'statistics-denied' }, () =>
    run([{ sql: statisticsQuery, row: reading.rows.measure }]),
  );
  const missing = [
    ...unreadable(seen, closed, account),
    ...notThere(namesAs(scope, schemas), { schemas }),
    ...reading.missing,
    ...statistics.missing(),
  ];
  await handOn(drafts.inOrder(), fold, sink);
  return missing;
};

interface Reading {
  readonly drafts: ReturnType<typeof createDrafts>;
  readonly rows: ReturnType<typeof readRows>;
  readonly schemas: Set<string>;
  readonly closed: ReadonlySet<string>;
  readonly seen: readonly Pick<Draft, 'schema' | 'name' | 'access'>[];
  readonly account: string;
  readonly missing: readonly Missing[];
}

const readCatalog = async (
  client: Pick<Client, 'escapeLiteral'>,
  scope: Scope,
  run: (statements: readonly Statement[]) => Promise<void>,
  isLocal: boolean,
): Promise<Reading> => {
  const sql = catalogQueries(scope, (text) => client.escapeLiteral(text), isLocal);
  const drafts = createDrafts();
  const rows = readRows(drafts);
  const schemas = new Set<string>();
  const closed = new Set<string>();
  const seen: Pick<Draft, 'schema' | 'name' | 'access'>[] = [];
  let account = '';
  await run([
    { sql: sql.account, row: ([name = '']) => (account = name) },
    { sql: sql.schemas, row: ([name = '']) => schemas.add(name) },
    { sql: sql.tables, row: rows.table },
    { sql: sql.columns, row: rows.column },
    { sql: sql.primaryKeys, row: rows.primaryKey },
    { sql: sql.foreignKeys, row: rows.foreignKey },
    {
      sql: sql.relations,
      row: ([schema = '', name = '', usage, select]) => {
        if (usage === 'f') closed.add(schema);
        seen.push({ schema, name, access: select === 't' ? 'all' : 'none' });
      },
    },
  ]);
  return { drafts, rows, schemas, closed, seen, account, missing: [] };
};

/** If the catalog of an external schema cannot be reached, the server fails on the list of all tables. */
const externalUnread = (native = ''): Missing => ({
  reason: 'external-unread',
  remediation: `The list of all tables failed (${native}), as it does where the catalog of an external schema cannot be asked: SELECT schemaname, databasename, esoptions FROM svv_external_schemas; and check the role and the Glue database or host of each, or drop it. Until then external tables are not told, nor comments.`,
});

/** Converts the names of the scope to the spelling of the server. */
const namesAs = (scope: Scope, found: ReadonlySet<string>): Scope => ({
  ...scope,
  schemas: scope.schemas?.map((name) => (found.has(name) ? name : name.toLowerCase())),
  excludedSchemas: addLowerCase(scope.excludedSchemas),
});
