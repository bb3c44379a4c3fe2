import { Problem } from '../../problem.ts';
import type { Column, Missing, Scope, Sink, Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import type { Row } from './driver.ts';
import { grantsOf, unreadableIn } from './grants.ts';
import type { Grant } from './grants.ts';
import { keysOf, placeKey } from './keys.ts';
import type { Keys } from './keys.ts';
import { readingOf } from './privileges.ts';
import { literal, quote, quoted } from './quote.ts';
import type { Ask, Standing } from './session.ts';
import { kindOf, spelled } from './types.ts';

/**
 * Reads one database: a query for each kind of object, all under way at once, and the columns last, folded as they come, so that
 * no more than a batch of tables is held whole. There are no indexes; UNIQUE is a declaration that nothing enforces.
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
  const tables: Table[] = [];
  const [grants] = await Promise.all([
    grantsOf(ask, standing),
    each(ask(`select schema_name as "name" from ${within}.schemata`), ({ name }) => schemas.add(name ?? '')),
    each(ask(tablesQuery(within, scope)), (row) => tables.push(tableOf(row))),
  ]);
  schemas.delete('INFORMATION_SCHEMA');
  const wanted = [...schemas].filter((name) => isIn(name, scope));
  const keys = await keysOf(ask, database, wanted);
  const denied = unreadableIn(grants, database).filter(({ parts }) => isIn(parts[1] ?? '', scope));
  const closed = new Set(denied.map(({ parts }) => placeKey(parts[1] ?? '', parts[2] ?? '')));
  const readable = tables.filter(({ schema, name }) => !closed.has(placeKey(schema, name))).sort(byPlace);
  await fold(ask(columnsQuery(within, scope)), readable, keys, sink);
  // An account that sees nothing at all is told what would change that.
  const remediation = readingOf(database, standing.role ?? '');
  return [
    ...(schemas.size === 0 ? [{ reason: 'nothing-visible', remediation }] : []),
    ...tablesDenied(denied, standing.role ?? ''),
    ...notThere(scope, schemas),
    ...keys.missing,
  ];
};

const noDatabase: Missing = {
  reason: 'no-database',
  remediation:
    'Set config.database, or give the user a DEFAULT_NAMESPACE, and GRANT USAGE ON DATABASE … TO ROLE …;',
};

const tablesDenied = (denied: readonly Grant[], role: string): readonly Missing[] => {
  const count = denied.length;
  if (count === 0) return [];
  const some = denied.slice(0, 20).map(({ name }) => `GRANT SELECT ON ${name} TO ROLE ${quote(role)};`);
  const more = count > some.length ? [`-- and ${count - some.length} more`] : [];
  return [{ reason: 'tables-denied', count, remediation: [...some, ...more].join('\n') }];
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

/** Hands on tables as their columns come; those without any keep their place. */
const fold = async (rows: AsyncIterable<Row>, tables: readonly Table[], keys: Keys, sink: Sink) => {
  const places = new Map(tables.map(({ schema, name }, at) => [placeKey(schema, name), at]));
  let handed = 0;
  let at = 0;
  const hand = async (to: number) => {
    for (; handed < to; handed += batch) {
      await sink(tables.slice(handed, Math.min(handed + batch, to)).map((table) => withKeys(table, keys)));
      // They are the sink's now.
      for (const table of tables.slice(handed, handed + batch)) table.columns = [];
    }
    handed = to;
  };
  for await (const row of rows) {
    const place = places.get(placeKey(row['schema'] ?? '', row['table'] ?? ''));
    if (place === undefined) continue;
    if (place < handed)
      throw new Problem('protocol-mismatch', 'Expected columns in the order that was asked for');
    if (place !== at) {
      at = place;
      if (at - handed >= batch) await hand(at);
    }
    tables[place]?.columns.push(columnOf(row));
  }
  await hand(tables.length);
};

const batch = 200;

const withKeys = (table: Table, { primary, foreign }: Keys): Table => {
  const place = placeKey(table.schema, table.name);
  return {
    ...table,
    primary_key: primary.get(place) ?? [],
    foreign_keys: foreign.get(place) ?? [],
  };
};

const tableOf = (row: Row): Table => ({
  schema: row['schema'] ?? '',
  name: row['name'] ?? '',
  kind: kinds.get(row['type'] ?? '') ?? 'table',
  comment: row['comment'] || null,
  rows: countOf(row['rows']),
  size_bytes: countOf(row['bytes']),
  parent: null,
  columns: [],
  primary_key: [],
  foreign_keys: [],
  indexes: [],
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

const columnOf = (row: Row): Column => {
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
