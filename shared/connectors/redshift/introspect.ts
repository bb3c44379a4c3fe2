import type { Client } from 'pg';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { transact, type Statement } from '../postgresql/flight.ts';
import type { Draft } from '../postgresql/fold.ts';
import { notThere, unreadable } from '../postgresql/grants.ts';
import { quote } from '../postgresql/quote.ts';
import { createCatalog } from './fold.ts';
import { begin, catalogQueries, statisticsQuery } from './queries.ts';

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
    transact(client, begin(queryTimeoutMs), statements, queryTimeoutMs);
  const sql = catalogQueries(scope, (text) => client.escapeLiteral(text));
  const catalog = createCatalog();
  const schemas = new Set<string>();
  const closed = new Set<string>();
  const seen: Pick<Draft, 'schema' | 'name' | 'access'>[] = [];
  let account = '';
  await run([
    { sql: sql.account, row: ([name = '']) => (account = name) },
    { sql: sql.schemas, row: ([name = '']) => schemas.add(name) },
    { sql: sql.tables, row: catalog.table },
    { sql: sql.columns, row: catalog.column },
    { sql: sql.primaryKeys, row: catalog.primaryKey },
    { sql: sql.foreignKeys, row: catalog.foreignKey },
    {
      sql: sql.relations,
      row: ([schema = '', name = '', usage, select]) => {
        if (usage === 'f') closed.add(schema);
        seen.push({ schema, name, access: select === 't' ? 'all' : 'none' });
      },
    },
  ]);
  const missing = [...unreadable(seen, closed, account), ...notThere(scope, { schemas })];
  try {
    await run([{ sql: statisticsQuery, row: catalog.measure }]);
  } catch (error) {
    if (!isDenied(error)) throw error;
    missing.push({
      reason: 'statistics-denied',
      remediation: `GRANT SELECT ON svv_table_info TO ${quote(account)};`,
    });
  }
  const tables = catalog.tables().sort(byPlace);
  for (let from = 0; from < tables.length; from += batch) await sink(tables.slice(from, from + batch));
  return missing;
};

const batch = 200;

/** insufficient_privilege: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isDenied = (error: unknown) => error instanceof Error && 'code' in error && error.code === '42501';
