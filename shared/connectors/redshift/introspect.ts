import type { Client } from 'pg';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { transact, type Statement } from '../postgresql/flight.ts';
import { addLowerCase } from '../names.ts';
import { notThere, unreadable } from '../postgresql/grants.ts';
import { quote } from '../postgresql/quote.ts';
import type { Draft } from '../sql/draft.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { catalogQueries, statisticsQuery } from './queries.ts';
import { readRows } from './rows.ts';
import { beginReading } from './session-state.ts';

/**
 * Two flights: the catalog, then statistics, which most accounts may not read. Tried on a PostgreSQL with views of Redshift's
 * names (test/engines/redshift.d), never on the real thing: not its grammar, SUPER, materialized and late binding views,
 * datashares, external schemas beyond one made-up table, nor how long its leader node takes.
 */
export const introspect = async (
  client: Client,
  scope: Scope,
  sink: Sink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly Statement[]) =>
    transact(client, beginReading(queryTimeoutMs), statements, queryTimeoutMs);
  const sql = catalogQueries(scope, (text) => client.escapeLiteral(text));
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
  // External schemas may be known by their tables alone.
  for (const { schema } of drafts.inOrder()) schemas.add(schema);
  const missing = [...unreadable(seen, closed, account), ...notThere(namesAs(scope, schemas), { schemas })];
  try {
    await run([{ sql: statisticsQuery, row: rows.measure }]);
  } catch (error) {
    if (!isDenied(error)) throw error;
    missing.push({
      reason: 'statistics-denied',
      remediation: `GRANT SELECT ON svv_table_info TO ${quote(account)};`,
    });
  }
  await handOn(drafts.inOrder(), fold, sink);
  return missing;
};

/** The scope with names as the server has them. */
const namesAs = (scope: Scope, found: ReadonlySet<string>): Scope => ({
  ...scope,
  schemas: scope.schemas?.map((name) => (found.has(name) ? name : name.toLowerCase())),
  excludedSchemas: addLowerCase(scope.excludedSchemas),
});

/** insufficient_privilege: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isDenied = (error: unknown) => error instanceof Error && 'code' in error && error.code === '42501';
