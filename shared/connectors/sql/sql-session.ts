import type { Dialer } from '../../network/dialer.ts';
import { createTooLargeProblem } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import type { CatalogScope, Missing, TableSink } from '../catalog.ts';
import type { Session, SourceFailure } from '../connector.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
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
  /** Lists the names of all schemas that the account sees, one in a row. */
  readonly schemas: string;
  /** Lists the privileges of the account as GRANT statements. */
  readonly grants: GrantLineRules & { readonly query: string };
  readonly quoter: Quoter;
  readonly failure: (error: unknown) => SourceFailure | undefined;
}

/** Logs in with the first query, and closes what was opened if it fails. */
export const openSqlSession = async (dialer: Dialer, options: SqlSessionOptions): Promise<Session> => {
  const { ask, product, quoter, role, schema } = options;
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
      const rules = { ...options.grants, role, on, systemSchemas: options.systemSchemas };
      return readGrantLinePrivileges(await readGrantLines(options), {
        ...rules,
        account: quoter.quoteName(account),
      });
    },
    introspect: (scope, sink) => {
      const schemas = scope.schemas ?? (schema === undefined ? undefined : [schema]);
      return introspectSql(options, account, { ...scope, schemas }, sink);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

const readSqlRows = async (ask: AskSql, sql: string): Promise<readonly SqlRow[]> => {
  const rows: SqlRow[] = [];
  await ask(sql, (row) => {
    if (rows.length >= MAX_KEPT_ROWS) throw createTooLargeProblem('Expected a shorter answer');
    rows.push(row);
  });
  return rows;
};

/** Of answers that are kept as a whole. */
const MAX_KEPT_ROWS = 20_000;

const readGrantLines = async ({ ask, grants }: SqlSessionOptions): Promise<readonly string[]> =>
  (await readSqlRows(ask, grants.query)).map(([line]) => String(line));

/** Takes three queries for any number of tables. They run in parallel if the driver can. */
const introspectSql = async (
  options: SqlSessionOptions,
  account: string,
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const { ask, quoter, systemSchemas, toColumnKind, failure, ...queries } = options;
  const targets = scope.schemas?.map((name) => `${quoter.quoteName(name)}.*`) ?? ['*.*'];
  const renderGrant = (what: string) =>
    createGrantStatements(quoter.quoteName(account)).grant('SELECT', what).grant;
  const drafts = createTableDrafts();
  const grantScope = joinFirstLines(targets.map(renderGrant));
  const parts = createPartReader({ failure, grant: grantScope });
  const rows = createCatalogRowReaders(drafts, toColumnKind);
  const inScope = (column: string) =>
    renderSchemaScope(column, scope, { systemSchemas, quoteText: quoter.quoteText });
  const [schemas, readsColumns] = await Promise.all([
    readSqlRows(ask, queries.schemas),
    parts.read({ reason: 'columns-unread', undo: () => drafts.drop('columns') }, () =>
      ask(queries.columns(inScope), rows.column),
    ),
    ask(queries.tables(inScope), rows.table),
  ]);
  const found = drafts.listInOrder();
  // The server lists a table that the account may not read, but none of its columns. A view may have none.
  for (const draft of readsColumns ? found : [])
    if (draft.kind !== 'view' && draft.columns.length === 0) draft.access = 'none';
  const known = new Set(schemas.map(([name]) => String(name)));
  const isAbsent = (name: string) => !known.has(name) && !scope.excludedSchemas.includes(name);
  await emitInBatches(
    found.filter(({ access }) => access !== 'none'),
    buildTable,
    sink,
  );
  const hidden = found.length === 0 && (await lacksSelect(options, account, targets));
  return [
    ...(hidden ? [{ reason: 'tables-hidden', remediation: grantScope } as const] : []),
    ...reportSchemasNotFound(hidden ? [] : (scope.schemas ?? []).filter(isAbsent), known, quoter.quoteName),
    ...reportDeniedTables(found, (table) => renderGrant(quoter.quotePath(table.schema, table.name))),
    ...parts.missing(),
  ];
};

/** Whether the account may not read some of these: a schema without tables is otherwise empty, or does not exist. */
const lacksSelect = async (options: SqlSessionOptions, account: string, targets: readonly string[]) => {
  const lines = await readGrantLines(options);
  const rules = { ...options.grants, role: 'source', account, systemSchemas: options.systemSchemas } as const;
  return targets.some((on) => readGrantLinePrivileges(lines, { ...rules, on }).missing.length > 0);
};
