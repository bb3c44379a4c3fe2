import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { CatalogScope, Column, Missing, TableSink } from '../catalog.ts';
import type { Privileges, Session, SourceFailure } from '../connector.ts';
import { createPartReader } from '../reading/part-reader.ts';
import { buildTable } from './build-table.ts';
import { emitInBatches } from './emit-in-batches.ts';
import { reportDeniedTables, reportSchemasNotFound } from './missing.ts';
import { selectColumns, selectTables, type SqlColumnFields, type SqlTableFields } from './select-catalog.ts';
import type { TableDraft } from './table-draft.ts';
import { createTableDrafts } from './table-drafts.ts';

/** The values of a row in the order of the query. */
export type SqlRow = readonly unknown[];

/** Runs a query and passes each row to `onRow` as it arrives. */
export type AskSql = (sql: string, onRow: (row: SqlRow) => void) => Promise<void>;

/** How an SQL engine differs from others. The session that `openSqlSession` builds from it is the same for every engine. */
export interface SqlSessionOptions {
  readonly ask: AskSql;
  readonly close: () => Promise<void> | void;
  /** The first query, which proves the login. It returns one row: the version of the server, and the name of the account. */
  readonly version: string;
  readonly renderVersion: (version: string) => string;
  readonly readPrivileges: (account: string) => Promise<Privileges>;
  /** The schemas to read if the caller names none. Default: all. */
  readonly schemas?: readonly string[] | undefined;
  /** For each field of a table, the SQL expression that selects it, and the source of the rows. */
  readonly tables: SqlTableFields;
  /** The same for the columns of all tables. */
  readonly columns: SqlColumnFields;
  readonly toColumnKind: (type: string) => Column['kind'];
  /** Renders the condition that selects the schemas of a scope. */
  readonly renderScope: (column: string, scope: CatalogScope) => string;
  /** The statement that lets an account read a table, or without one, everything in the scope. */
  readonly renderGrant: (account: string, table?: Pick<TableDraft, 'schema' | 'name'>) => string;
  readonly quoteName: (name: string) => string;
  readonly failure: (error: unknown) => SourceFailure | undefined;
}

/** Logs in with the first query, and closes what was opened if it fails. */
export const openSqlSession = async (dialer: Dialer, options: SqlSessionOptions): Promise<Session> => {
  const { ask, close, readPrivileges, renderVersion } = options;
  const readVersion = async (): Promise<readonly [version: string, account: string]> => {
    const rows: SqlRow[] = [];
    await ask(options.version, (row) => void rows.push(row));
    const [version, account] = rows[0] ?? [];
    if (typeof version !== 'string' || typeof account !== 'string')
      throw new Problem('protocol-mismatch', 'Expected the version of the server');
    return [/^[\w.+-]{1,40}/.exec(version)?.[0] ?? 'of unknown version', account];
  };
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => close());
  const [version, account] = await dialer.step('authenticate', readVersion);
  const open = closing.move();
  let isFirst = true;
  return {
    ping: async () => {
      // The login has just asked the same question.
      const [found] = isFirst ? [version] : await readVersion();
      isFirst = false;
      return renderVersion(found);
    },
    privileges: () => readPrivileges(account),
    introspect: (scope, sink) =>
      introspectSql(options, account, { ...scope, schemas: scope.schemas ?? options.schemas }, sink),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

/** Takes two queries for any number of tables. They run in parallel if the driver can. */
const introspectSql = async (
  { ask, quoteName, renderGrant, failure, ...sql }: SqlSessionOptions,
  account: string,
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const drafts = createTableDrafts();
  const parts = createPartReader({ failure, grant: renderGrant(account) });
  const tables = selectTables(sql.tables, sql.renderScope, scope);
  const columns = selectColumns(sql.columns, sql.renderScope, scope, sql.toColumnKind);
  await Promise.all([
    ask(tables.query, (row) => tables.add(drafts, row)),
    parts.read({ reason: 'columns-unread', undo: () => drafts.drop('columns') }, () =>
      ask(columns.query, (row) => columns.add(drafts, row)),
    ),
  ]);
  const found = drafts.listInOrder();
  const known = new Set(found.map(({ schema }) => schema));
  const isAbsent = (name: string) => !known.has(name) && !scope.excludedSchemas.includes(name);
  await emitInBatches(
    found.filter(({ access }) => access !== 'none'),
    buildTable,
    sink,
  );
  if (found.length === 0) return [{ reason: 'tables-hidden', remediation: renderGrant(account) }];
  return [
    ...reportSchemasNotFound((scope.schemas ?? []).filter(isAbsent), known, quoteName),
    ...reportDeniedTables(found, (table) => renderGrant(account, table)),
    ...parts.missing(),
  ];
};

/** Creates the function that renders the condition of a scope: `database not in ('system') and database in ('sales')`. */
export const createScopeRenderer =
  (quoteText: (text: string) => string, systemSchemas: readonly string[]) =>
  (column: string, { schemas, excludedSchemas }: CatalogScope): string => {
    const list = (names: readonly string[]) => names.map(quoteText).join(', ');
    const wanted = schemas ? ` and ${column} in (${list(schemas)})` : '';
    return `${column} not in (${list([...systemSchemas, ...excludedSchemas])})${wanted}`;
  };
