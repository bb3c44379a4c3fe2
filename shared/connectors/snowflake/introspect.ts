import { Problem } from '../../problem.ts';
import type { Column, Missing, CatalogScope, TableSink, Table } from '../catalog.ts';
import { createTableDraft, type TableDraft } from '../sql/table-draft.ts';
import { createTableDrafts, type TableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { TABLES_PER_BATCH, emitInBatches } from '../sql/emit-in-batches.ts';
import { renderSchemaScope } from '../sql/render-schema-scope.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import { createPartReader, isPartFailure, type CatalogPart } from '../reading/part-reader.ts';
import { classifySnowflakeError } from './failures.ts';
import type { SnowflakeRow } from './driver.ts';
import { listSnowflakeGrants, listUnreadableTables } from './grants.ts';
import type { SnowflakeGrant } from './grants.ts';
import { readSnowflakeKeys } from './keys.ts';
import { renderSnowflakeReadGrant } from './privileges.ts';
import { quoteSnowflakeText, quoteSnowflakeName, quoteSnowflakePath } from './quote.ts';
import type { SnowflakeQuery, SnowflakeContext } from './session-context.ts';
import { toSnowflakeColumnKind, renderSnowflakeType } from './types.ts';

/**
 * Reads one database with one query for each kind of object, in parallel. Reads the columns last and folds them as they arrive, so that at most
 * one batch of tables is complete in memory. Snowflake has no indexes, and does not enforce UNIQUE.
 */
export const introspectSnowflake = async (
  ask: SnowflakeQuery,
  context: SnowflakeContext,
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const { database } = context;
  if (database === null) return [snowflakeNoDatabase];
  const informationSchema = `${quoteSnowflakePath(database)}.information_schema`;
  const schemas = new Set<string>();
  const drafts = createTableDrafts();
  const parts = createPartReader({
    failure: classifySnowflakeError,
    grant: renderSnowflakeReadGrant(database, context.role ?? ''),
  });
  let grants: readonly SnowflakeGrant[] = [];
  await Promise.all([
    parts.read({ reason: 'privileges-unread' }, async () => {
      grants = await listSnowflakeGrants(ask, context);
    }),
    forEachSnowflakeRow(ask(`select schema_name as "name" from ${informationSchema}.schemata`), ({ name }) =>
      schemas.add(name ?? ''),
    ),
    forEachSnowflakeRow(ask(renderSnowflakeTablesQuery(informationSchema, scope)), (row) =>
      drafts.add(toSnowflakeDraft(row)),
    ),
  ]);
  schemas.delete('INFORMATION_SCHEMA');
  const wanted = [...schemas].filter((name) => isInScope(name, scope));
  const cut = await readSnowflakeKeys(ask, database, wanted, drafts, parts);
  const denied = listUnreadableTables(grants, database).filter(({ parts: [, name = ''] }) =>
    isInScope(name, scope),
  );
  for (const { parts: path } of denied) {
    const draft = drafts.find(path[2], path[1]);
    if (draft) draft.access = 'none';
  }
  const readable = drafts.listInOrder().filter(({ access }) => access !== 'none');
  await readSnowflakeColumns((some) => ask(renderSnowflakeColumnsQuery(informationSchema, some)), scope, {
    drafts,
    readable,
    sink,
    parts,
  });
  // An account that sees nothing at all needs these grants.
  const remediation = renderSnowflakeReadGrant(database, context.role ?? '');
  return [
    ...(schemas.size === 0 ? reportMissing('nothing-visible', remediation) : []),
    ...listSnowflakeDenied(denied, context.role ?? ''),
    ...listSnowflakeNotFound(scope, schemas),
    ...cut,
    ...parts.missing(),
  ];
};

interface SnowflakeColumnReading {
  readonly drafts: TableDrafts;
  readonly readable: readonly TableDraft[];
  readonly sink: TableSink;
  readonly parts: ReturnType<typeof createPartReader>;
}

/**
 * Reads the columns schema by schema if one query for all fails, because information_schema limits the size of its answers. A schema that
 * fails loses only its own tables.
 */
const readSnowflakeColumns = async (
  ask: (scope: CatalogScope) => AsyncIterable<SnowflakeRow>,
  scope: CatalogScope,
  { drafts, readable, sink, parts }: SnowflakeColumnReading,
): Promise<void> => {
  let done = 0;
  const counting: TableSink = async (tables) => {
    await sink(tables);
    done += tables.length;
  };
  try {
    await foldSnowflakeColumns(ask(scope), drafts, readable, counting);
    return;
  } catch (error) {
    if (!isPartFailure(error, classifySnowflakeError)) throw error;
  }
  const left = readable.slice(done);
  for (const draft of left) draft.columns = [];
  for (const [schema, tables] of Map.groupBy(left, (draft) => draft.schema)) {
    done = 0;
    const part: CatalogPart = {
      reason: 'tables-failed',
      get count() {
        return tables.length - done;
      },
    };
    const oneSchema = { schemas: [schema], excludedSchemas: [] };
    await parts.read(part, () => foldSnowflakeColumns(ask(oneSchema), drafts, tables, counting));
  }
};

const snowflakeNoDatabase: Missing = {
  reason: 'no-database',
  remediation:
    'Set config.database, or set DEFAULT_NAMESPACE of the user, and run GRANT USAGE ON DATABASE … TO ROLE …;',
};

const listSnowflakeDenied = (denied: readonly SnowflakeGrant[], role: string): readonly Missing[] => {
  const grants = denied.map(({ name }) => `GRANT SELECT ON ${name} TO ROLE ${quoteSnowflakeName(role)};`);
  return reportMissing('tables-denied', joinFirstLines(grants), denied.length);
};

const isInScope = (name: string, { schemas, excludedSchemas }: CatalogScope): boolean =>
  !excludedSchemas.includes(name) && (schemas?.includes(name) ?? true);

const listSnowflakeNotFound = (
  { schemas, excludedSchemas }: CatalogScope,
  found: ReadonlySet<string>,
): readonly Missing[] => {
  const names = (schemas ?? []).filter((name) => !found.has(name) && !excludedSchemas.includes(name));
  const remediation = 'Correct the requested schemas: they include schemas that do not exist.';
  return reportMissing('schemas-not-found', remediation, names.length);
};

const renderSnowflakeScope = (column: string, scope: CatalogScope): string =>
  renderSchemaScope(column, scope, { systemSchemas: ['INFORMATION_SCHEMA'], quoteText: quoteSnowflakeText });

const renderSnowflakeTablesQuery = (
  informationSchema: string,
  scope: CatalogScope,
) => `select table_schema as "schema", table_name as "name",
  table_type as "type", row_count as "rows", bytes as "bytes", comment as "comment"
  from ${informationSchema}.tables where ${renderSnowflakeScope('table_schema', scope)}`;

const renderSnowflakeColumnsQuery = (
  informationSchema: string,
  scope: CatalogScope,
) => `select table_schema as "schema", table_name as "table",
  column_name as "name", ordinal_position as "position", column_default as "value", is_nullable as "nullable",
  data_type as "data_type", character_maximum_length as "length", numeric_precision as "precision",
  numeric_scale as "scale", is_identity as "identity", comment as "comment"
  from ${informationSchema}.columns where ${renderSnowflakeScope('table_schema', scope)} order by table_schema, table_name, ordinal_position`;

/** Emits tables as their columns arrive, in the order of `readable`; tables without columns keep their position. */
const foldSnowflakeColumns = async (
  rows: AsyncIterable<SnowflakeRow>,
  drafts: TableDrafts,
  readable: readonly TableDraft[],
  sink: TableSink,
) => {
  const positions = new Map(readable.map((draft, at) => [draft, at]));
  let from = 0;
  for await (const row of rows) {
    const draft = drafts.find(row['table'], row['schema']);
    const position = draft && positions.get(draft);
    if (position === undefined) continue;
    if (position < from) throw new Problem('protocol-mismatch', 'Expected columns in the requested order');
    if (position - from >= TABLES_PER_BATCH) {
      await emitInBatches(readable, buildTable, sink, { from, to: position });
      from = position;
    }
    drafts.addColumn(draft, toSnowflakeColumn(row));
  }
  await emitInBatches(readable, buildTable, sink, { from });
};

const toSnowflakeDraft = (row: SnowflakeRow): TableDraft => ({
  ...createTableDraft(
    row['schema'] ?? '',
    row['name'] ?? '',
    snowflakeTableKinds.get(row['type'] ?? '') ?? 'table',
  ),
  comment: row['comment'] || null,
  rows: parseSnowflakeCount(row['rows']),
  size_bytes: parseSnowflakeCount(row['bytes']),
});

/** https://docs.snowflake.com/en/sql-reference/info-schema/tables */
const snowflakeTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['TEMPORARY TABLE', 'table'],
  ['EVENT TABLE', 'table'],
  ['VIEW', 'view'],
  ['MATERIALIZED VIEW', 'materialized_view'],
  ['EXTERNAL TABLE', 'foreign_table'],
]);

const toSnowflakeColumn = (row: SnowflakeRow): Column => {
  const identity = row['identity'] === 'YES';
  return {
    name: row['name'] ?? '',
    type: renderSnowflakeType(row),
    kind: toSnowflakeColumnKind(row),
    nullable: row['nullable'] !== 'NO',
    default: identity ? null : (row['value'] ?? null),
    generated: identity ? 'identity' : null,
    comment: row['comment'] || null,
    position: Number(row['position']),
  };
};

const parseSnowflakeCount = (text: string | null | undefined): number | null =>
  text !== null && text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

const forEachSnowflakeRow = async (
  rows: AsyncIterable<SnowflakeRow>,
  take: (row: SnowflakeRow) => unknown,
): Promise<void> => {
  for await (const row of rows) take(row);
};
