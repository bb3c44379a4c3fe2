import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { CatalogScope, Missing, TableSink } from '../catalog.ts';
import type { Session, SourceFailure } from '../connector.ts';
import { createPartReader } from '../reading/part-reader.ts';
import { buildTable } from './build-table.ts';
import { createCatalogRowReaders, type SqlRow, type ToColumnKind } from './catalog-rows.ts';
import type { Quoter } from './create-quoter.ts';
import { emitInBatches } from './emit-in-batches.ts';
import { type GrantLineRules, readGrantLinePrivileges } from './grant-lines.ts';
import { createGrantStatements } from './grant-statements.ts';
import { reportDeniedTables, reportSchemasNotFound } from './missing.ts';
import { renderSchemaScope } from './render-schema-scope.ts';
import { createTableDrafts } from './table-drafts.ts';

/** Runs a query and passes each row to `onRow` as it arrives. */
export type AskSql = (sql: string, onRow: (row: SqlRow) => void) => Promise<void>;

/** How an SQL engine with privileges in the form of GRANT statements differs from others. The rest of its session is the same for all. */
export interface SqlSessionOptions {
  readonly ask: AskSql;
  readonly close: () => Promise<void> | void;
  /** The first query, which proves the login. It returns one row: the version of the server, and the name of the account. */
  readonly version: string;
  /** The name of the product, in front of its version. */
  readonly product: string;
  readonly role: 'source' | 'target';
  /** The only schema to read if the caller names none. Default: all. */
  readonly schema?: string | undefined;
  readonly systemSchemas: readonly string[];
  /** The queries of the catalog, which return the values of `catalog-rows.ts` in its order. `inScope` renders the condition on a schema. */
  readonly tables: (inScope: (column: string) => string) => string;
  readonly columns: (inScope: (column: string) => string) => string;
  readonly toColumnKind: ToColumnKind;
  /** Lists the privileges of the account as GRANT statements. */
  readonly grants: GrantLineRules & { readonly query: string };
  readonly quoter: Quoter;
  readonly failure: (error: unknown) => SourceFailure | undefined;
}

/** Logs in with the first query, and closes what was opened if it fails. */
export const openSqlSession = async (dialer: Dialer, options: SqlSessionOptions): Promise<Session> => {
  const { ask, product, quoter, grants, role, schema } = options;
  const readVersion = async (): Promise<readonly [version: string, account: string]> => {
    const rows = await readSqlRows(ask, options.version);
    const [version, account] = rows[0] ?? [];
    if (typeof version !== 'string' || typeof account !== 'string')
      throw new Problem('protocol-mismatch', 'Expected the version of the server');
    return [`${product} ${/^[\w.+-]{1,40}/.exec(version)?.[0] ?? 'of unknown version'}`, account];
  };
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => options.close());
  const [version, account] = await dialer.step('authenticate', readVersion);
  const open = closing.move();
  const on = schema === undefined ? '*.*' : `${quoter.quoteName(schema)}.*`;
  let isFirst = true;
  return {
    ping: async () => {
      // The login has just asked the same question.
      const [found] = isFirst ? [version] : await readVersion();
      isFirst = false;
      return found;
    },
    privileges: async () => {
      const lines = (await readSqlRows(ask, grants.query)).map(([line]) => String(line));
      return readGrantLinePrivileges(lines, { ...grants, role, account: quoter.quoteName(account), on });
    },
    introspect: (scope, sink) => {
      const schemas = scope.schemas ?? (schema === undefined ? undefined : [schema]);
      return introspectSql(options, { account, on }, { ...scope, schemas }, sink);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

const readSqlRows = async (ask: AskSql, sql: string): Promise<readonly SqlRow[]> => {
  const rows: SqlRow[] = [];
  await ask(sql, (row) => void rows.push(row));
  return rows;
};

/** Takes two queries for any number of tables. They run in parallel if the driver can. */
const introspectSql = async (
  { ask, quoter, systemSchemas, toColumnKind, failure, ...queries }: SqlSessionOptions,
  { account, on }: { readonly account: string; readonly on: string },
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const renderGrant = (what: string) =>
    createGrantStatements(quoter.quoteName(account)).grant('SELECT', what).grant;
  const drafts = createTableDrafts();
  const parts = createPartReader({ failure, grant: renderGrant(on) });
  const rows = createCatalogRowReaders(drafts, toColumnKind);
  const inScope = (column: string) =>
    renderSchemaScope(column, scope, { systemSchemas, quoteText: quoter.quoteText });
  const [readsColumns] = await Promise.all([
    parts.read({ reason: 'columns-unread', undo: () => drafts.drop('columns') }, () =>
      ask(queries.columns(inScope), rows.column),
    ),
    ask(queries.tables(inScope), rows.table),
  ]);
  const found = drafts.listInOrder();
  // The server lists a table that the account may not read, but none of its columns.
  if (readsColumns) for (const draft of found) if (draft.columns.length === 0) draft.access = 'none';
  const known = new Set(found.map((draft) => draft.schema));
  const isAbsent = (name: string) => !known.has(name) && !scope.excludedSchemas.includes(name);
  await emitInBatches(
    found.filter(({ access }) => access !== 'none'),
    buildTable,
    sink,
  );
  if (found.length === 0) return [{ reason: 'tables-hidden', remediation: renderGrant(on) }];
  return [
    ...reportSchemasNotFound((scope.schemas ?? []).filter(isAbsent), known, quoter.quoteName),
    ...reportDeniedTables(found, (table) => renderGrant(quoter.quotePath(table.schema, table.name))),
    ...parts.missing(),
  ];
};
