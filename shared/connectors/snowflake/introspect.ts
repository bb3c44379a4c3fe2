import { Problem } from '../../problem.ts';
import type { Column, Missing, Scope, Sink, Table } from '../catalog.ts';
import { draftOf, type Draft } from '../sql/draft.ts';
import { createDrafts, type Drafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { atOnce, handOn } from '../sql/hand-on.ts';
import { firstFew } from '../sql/missing.ts';
import { createParts, isOfOnePart } from '../parts.ts';
import { failure } from './failures.ts';
import type { Row } from './driver.ts';
import { grantsOf, unreadableIn } from './grants.ts';
import type { Grant } from './grants.ts';
import { readKeys } from './keys.ts';
import { readingOf } from './privileges.ts';
import { literal, quote, quoted } from './quote.ts';
import type { Ask, Standing } from './session.ts';
import { kindOf, spelled } from './types.ts';

/**
 * Reads one database with one query for each kind of object, in parallel. Reads the columns last and folds them as they arrive, so that at most
 * one batch of tables is complete in memory. Snowflake has no indexes, and does not enforce UNIQUE.
 */
export const introspect = async (
  ask: Ask,
  standing: Standing,
  scope: Scope,
  sink: Sink,
): Promise<readonly Missing[]> => {
  const { database } = standing;
  if (database === null) return [noDatabase];
  const within = `${quoted(database)}.information_schema`;
  const schemas = new Set<string>();
  const drafts = createDrafts();
  const parts = createParts({ failure, grant: readingOf(database, standing.role ?? '') });
  let grants: readonly Grant[] = [];
  await Promise.all([
    parts.read({ reason: 'privileges-unread' }, async () => {
      grants = await grantsOf(ask, standing);
    }),
    each(ask(`select schema_name as "name" from ${within}.schemata`), ({ name }) => schemas.add(name ?? '')),
    each(ask(tablesQuery(within, scope)), (row) => drafts.add(tableIn(row))),
  ]);
  schemas.delete('INFORMATION_SCHEMA');
  const wanted = [...schemas].filter((name) => isIn(name, scope));
  const cut = await readKeys(ask, database, wanted, drafts, parts);
  const denied = unreadableIn(grants, database).filter(({ parts: [, name = ''] }) => isIn(name, scope));
  for (const { parts: place } of denied) {
    const draft = drafts.find(place[2], place[1]);
    if (draft) draft.access = 'none';
  }
  const readable = drafts.inOrder().filter(({ access }) => access !== 'none');
  await readColumns((some) => ask(columnsQuery(within, some)), scope, { drafts, readable, sink, parts });
  // An account that sees nothing at all needs these grants.
  const remediation = readingOf(database, standing.role ?? '');
  return [
    ...(schemas.size === 0 ? [{ reason: 'nothing-visible', remediation }] : []),
    ...tablesDenied(denied, standing.role ?? ''),
    ...notThere(scope, schemas),
    ...cut,
    ...parts.missing(),
  ];
};

interface Reading {
  readonly drafts: Drafts;
  readonly readable: readonly Draft[];
  readonly sink: Sink;
  readonly parts: ReturnType<typeof createParts>;
}

/**
 * Reads the columns schema by schema if one query for all fails, because information_schema limits the size of its answers. A schema that
 * fails loses only its own tables.
 */
const readColumns = async (
  ask: (scope: Scope) => AsyncIterable<Row>,
  scope: Scope,
  { drafts, readable, sink, parts }: Reading,
): Promise<void> => {
  let done = 0;
  const counting: Sink = async (tables) => {
    await sink(tables);
    done += tables.length;
  };
  try {
    await foldColumns(ask(scope), drafts, readable, counting);
    return;
  } catch (error) {
    if (!isOfOnePart(error, failure)) throw error;
  }
  const left = readable.slice(done);
  for (const draft of left) draft.columns = [];
  for (const [schema, tables] of Map.groupBy(left, (draft) => draft.schema)) {
    done = 0;
    const part = {
      reason: 'tables-failed',
      get count() {
        return tables.length - done;
      },
    };
    const only = { schemas: [schema], excludedSchemas: [] };
    await parts.read(part, () => foldColumns(ask(only), drafts, tables, counting));
  }
};

const noDatabase: Missing = {
  reason: 'no-database',
  remediation:
    'Set config.database, or give the user a DEFAULT_NAMESPACE, and GRANT USAGE ON DATABASE … TO ROLE …;',
};

const tablesDenied = (denied: readonly Grant[], role: string): readonly Missing[] => {
  const count = denied.length;
  if (count === 0) return [];
  const grants = denied.map(({ name }) => `GRANT SELECT ON ${name} TO ROLE ${quote(role)};`);
  return [{ reason: 'tables-denied', count, remediation: firstFew(grants) }];
};

const isIn = (name: string, { schemas, excludedSchemas }: Scope): boolean =>
  !excludedSchemas.includes(name) && (schemas?.includes(name) ?? true);

const notThere = ({ schemas, excludedSchemas }: Scope, found: ReadonlySet<string>): readonly Missing[] => {
  const names = (schemas ?? []).filter((name) => !found.has(name) && !excludedSchemas.includes(name));
  const remediation = 'Correct the schemas that were asked for: some are not there.';
  return names.length > 0 ? [{ reason: 'schemas-not-found', count: names.length, remediation }] : [];
};

const mine = (column: string, { schemas, excludedSchemas }: Scope): string => {
  const list = (names: readonly string[]) => names.map(literal).join(', ');
  return [
    `${column} <> 'INFORMATION_SCHEMA'`,
    ...(schemas ? [`${column} in (${list(schemas)})`] : []),
    ...(excludedSchemas.length > 0 ? [`${column} not in (${list(excludedSchemas)})`] : []),
  ].join(' and ');
};

const tablesQuery = (within: string, scope: Scope) => `select table_schema as "schema", table_name as "name",
  table_type as "type", row_count as "rows", bytes as "bytes", comment as "comment"
  from ${within}.tables where ${mine('table_schema', scope)}`;

const columnsQuery = (
  within: string,
  scope: Scope,
) => `select table_schema as "schema", table_name as "table",
  column_name as "name", ordinal_position as "position", column_default as "value", is_nullable as "nullable",
  data_type as "data_type", character_maximum_length as "length", numeric_precision as "precision",
  numeric_scale as "scale", is_identity as "identity", comment as "comment"
  from ${within}.columns where ${mine('table_schema', scope)} order by table_schema, table_name, ordinal_position`;

/** Emits tables as their columns arrive, in the order of `readable`; tables without columns keep their place. */
const foldColumns = async (
  rows: AsyncIterable<Row>,
  drafts: Drafts,
  readable: readonly Draft[],
  sink: Sink,
) => {
  const places = new Map(readable.map((draft, at) => [draft, at]));
  let from = 0;
  for await (const row of rows) {
    const draft = drafts.find(row['table'], row['schema']);
    const place = draft && places.get(draft);
    if (place === undefined) continue;
    if (place < from)
      throw new Problem('protocol-mismatch', 'Expected columns in the order that was asked for');
    if (place - from >= atOnce) {
      await handOn(readable, fold, sink, { from, to: place });
      from = place;
    }
    drafts.column(draft, columnIn(row));
  }
  await handOn(readable, fold, sink, { from });
};

const tableIn = (row: Row): Draft => ({
  ...draftOf(row['schema'] ?? '', row['name'] ?? '', kinds.get(row['type'] ?? '') ?? 'table'),
  comment: row['comment'] || null,
  rows: countOf(row['rows']),
  size_bytes: countOf(row['bytes']),
});

/** https://docs.snowflake.com/en/sql-reference/info-schema/tables */
const kinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['TEMPORARY TABLE', 'table'],
  ['EVENT TABLE', 'table'],
  ['VIEW', 'view'],
  ['MATERIALIZED VIEW', 'materialized_view'],
  ['EXTERNAL TABLE', 'foreign_table'],
]);

const columnIn = (row: Row): Column => {
  const identity = row['identity'] === 'YES';
  return {
    name: row['name'] ?? '',
    type: spelled(row),
    kind: kindOf(row),
    nullable: row['nullable'] !== 'NO',
    default: identity ? null : (row['value'] ?? null),
    generated: identity ? 'identity' : null,
    comment: row['comment'] || null,
    position: Number(row['position']),
  };
};

const countOf = (text: string | null | undefined): number | null =>
  text !== null && text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

const each = async (rows: AsyncIterable<Row>, take: (row: Row) => unknown): Promise<void> => {
  for await (const row of rows) take(row);
};
