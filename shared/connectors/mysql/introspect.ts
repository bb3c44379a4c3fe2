import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import { exactNames, type NameRules, namesInAnyCase } from '../name-rules.ts';
import type { TableDraft } from '../sql/table-draft.ts';
import { createTableDrafts, createCatalogTooLargeProblem } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import { reportBrokenViews, reportDeniedTables } from '../sql/missing.ts';
import { markBrokenMysqlViews } from './mark-broken-views.ts';
import {
  includesMysqlPrivilege,
  hasMysqlPrivilege,
  readMysqlGrants,
  quoteMysqlSchemaPattern,
  type MysqlGrants,
} from './grants.ts';
import type { MysqlClient } from './client.ts';
import {
  buildMysqlCatalogQueries,
  splitMysqlQuery,
  toMysqlSchemaScope,
  orderMysqlQueries,
  shouldSplitMysqlColumns,
  buildMysqlTableNamesQuery,
  type MysqlSchemaScope,
} from './queries.ts';
import { quoteMysqlPath } from './quote.ts';
import { createMysqlRowReaders } from './rows.ts';
import { readMysqlServer } from './version.ts';

interface MysqlIntrospectOptions {
  readonly database: string | undefined;
  /** How many connections may be used at once. */
  readonly connections: number;
  /** Opens one more, or returns undefined if the server allows none. The caller of `introspectMysql` closes it. */
  readonly openClient: () => Promise<MysqlClient | undefined>;
  readonly learnNames?: ((names: NameRules) => void) | undefined;
}

/** Runs four queries in parallel, however many tables and schemas there are; the query for columns is split if it is slow. */
export const introspectMysql = async (
  client: MysqlClient,
  scope: CatalogScope,
  sink: TableSink,
  { database, connections, openClient, learnNames }: MysqlIntrospectOptions,
): Promise<readonly Missing[]> => {
  // They open while the first query runs. If none opens, one connection runs all queries.
  const extraClients = Array.from({ length: Math.min(connections, MAX_MYSQL_CONNECTIONS) - 1 }, openClient);
  const allowance = { left: MAX_MYSQL_CATALOG_BYTES, spent: createCatalogTooLargeProblem };
  client.allow(allowance);
  const names = toMysqlSchemaScope(scope, database);
  const onlySchema = names.only?.length === 1 ? names.only[0] : undefined;
  const server = await readMysqlServer(client);
  learnNames?.(server.foldsNames ? namesInAnyCase : { ...exactNames, columns: 'any-case' });
  const grants = await readMysqlGrants(client, server);
  const readsAll = hasMysqlPrivilege(grants, 'SELECT', onlySchema);
  const rowFormat = { ...server, oneSchema: onlySchema !== undefined, withRights: !readsAll };
  const queries = buildMysqlCatalogQueries(names, server, rowFormat.withRights);
  const drafts = createTableDrafts();
  const rows = createMysqlRowReaders(drafts, rowFormat);
  const pending = orderMysqlQueries(server).map((set) => ({ set, sql: queries[set] }));
  const runQueries = async (queryClient: MysqlClient) => {
    queryClient.allow(allowance);
    for (let next = pending.shift(); next; next = pending.shift())
      await queryClient.ask(next.sql, rows[next.set]);
  };
  let canSplit = shouldSplitMysqlColumns(server);
  const splitColumnsQuery = async (queryClient: MysqlClient) => {
    canSplit = false;
    const at = pending.findIndex(({ set }) => set === 'columns');
    const [columns] = at < 0 ? [] : pending.splice(at, 1);
    if (!columns) return;
    const tables: string[] = [];
    queryClient.allow(allowance);
    await queryClient.ask(
      buildMysqlTableNamesQuery(names, server),
      ([name]) => void tables.push(String(name)),
    );
    pending.unshift(...splitMysqlQuery(columns.sql, tables).map((sql) => ({ ...columns, sql })));
  };
  // A connection that opens after the last query has started is not used.
  const running: Promise<void>[] = [];
  const addClient = (other: MysqlClient | undefined) => {
    if (!other || pending.length === 0) return;
    const working = canSplit ? splitColumnsQuery(other).then(() => runQueries(other)) : runQueries(other);
    working.catch(() => {}); // awaited below
    running.push(working);
  };
  for (const other of extraClients) void other.then(addClient);
  await runQueries(client);
  // The list may grow while an element is awaited, and the loop then includes the new ones.
  for (const working of running) await working;

  const partial = findPartlyGrantedTables(grants);
  const found = drafts.listInOrder();
  for (const draft of found) {
    if (
      draft.access === 'all' &&
      draft.columns.length > 0 &&
      !readsAll &&
      partial.has(toMysqlTableId(grants, draft.schema, draft.name))
    )
      draft.access = 'some';
    draft.expressions = draft.access === 'all';
    // MariaDB silently omits hidden columns from keys and indexes, so what it shows of them may be incomplete.
    if (server.mariadb && draft.access === 'some')
      Object.assign(draft, { primaryKey: [], foreignKeys: [], indexes: [] });
  }
  // The server lists a view over a dropped table without columns.
  for (const draft of found)
    draft.isBroken = draft.kind === 'view' && draft.columns.length === 0 && draft.access === 'all';
  const uncheckedCount = await markBrokenMysqlViews(client, found);
  const missing = [
    ...listMysqlMissing(found, grants, names, readsAll),
    ...listUncheckedMysqlViews(uncheckedCount),
  ];
  await emitInBatches(
    found.filter(({ access }) => access !== 'none'),
    buildTable,
    sink,
  );
  return missing;
};

const MAX_MYSQL_CONNECTIONS = 3;

/** For the whole catalog: about 100 000 tables. */
const MAX_MYSQL_CATALOG_BYTES = 256 << 20;

const toMysqlTableId = (grants: MysqlGrants, schema: string, table: string) =>
  `${grants.normalizeName(schema)}\0${grants.normalizeName(table)}`;

/** Tables on which the account has SELECT on columns alone. */
const findPartlyGrantedTables = (grants: MysqlGrants): ReadonlySet<string> => {
  const whole = new Set(
    grants.rights
      .filter(({ privileges }) => includesMysqlPrivilege(privileges, 'SELECT'))
      .map(({ schema, table }) => toMysqlTableId(grants, schema, table)),
  );
  return new Set(
    grants.rights
      .filter(({ columns, schema }) => columns.has('SELECT') && !hasMysqlPrivilege(grants, 'SELECT', schema))
      .map(({ schema, table }) => toMysqlTableId(grants, schema, table))
      .filter((id) => !whole.has(id)),
  );
};

const listMysqlMissing = (
  found: readonly TableDraft[],
  grants: MysqlGrants,
  { only }: MysqlSchemaScope,
  readsAll: boolean,
): Missing[] => {
  const to = `TO ${grants.account};`;
  const findsNothing = found.length === 0 && !readsAll;
  const targets = only?.length ? only.map((schema) => `${quoteMysqlSchemaPattern(schema)}.*`) : ['*.*'];
  const grantsToRead = targets.map((target) => `GRANT SELECT ON ${target} ${to}`);
  return [
    ...(findsNothing ? reportMissing('tables-denied', joinFirstLines(grantsToRead)) : []),
    ...reportDeniedTables(
      found,
      ({ schema, name }) => `GRANT SELECT ON ${quoteMysqlPath(schema, name)} ${to}`,
    ),
    ...reportBrokenViews(
      found,
      (views) =>
        `Run SHOW CREATE VIEW for each of these views to see the tables and functions that it uses. GRANT SELECT on its tables and EXECUTE on its functions to its definer, or ${to.replace(/;$/, '')} if the view is SQL SECURITY INVOKER. If a table, a function or the definer no longer exists, restore it or drop the view. The views are ${joinFirstLines(
          views.map(({ schema, name }) => quoteMysqlPath(schema, name)),
          ', ',
        )}`,
    ),
  ];
};

const listUncheckedMysqlViews = (count: number): Missing[] =>
  reportMissing(
    'views-unchecked',
    'Mooring could not check whether these views can be read, because a table was locked. Introspect again when no LOCK TABLES, ALTER TABLE or other change of a table is running.',
    count,
  );
