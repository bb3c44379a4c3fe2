import { cutText, MAX_REMEDIATION_CHARACTERS } from '../../../characters.ts';
import type { Missing, TableSink, Table } from '../../../connectors/catalog.ts';
import { foldCase, type NameRules } from '../../../connectors/name-rules.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Store } from '../../../ports/store.ts';
import { createBlockWriter } from './catalog-blocks.ts';
import type { CatalogOrder, SnapshotRef, PutBlock } from './catalog-blocks.ts';
import { hasStorableName, fitTable, listCutTables } from './fit-table.ts';
import type { TableCut } from './fit-table.ts';
import { compareUtf8 } from '../../../connectors/reading/compare-names.ts';
import { catalogOrders } from './catalog-orders.ts';
import type { CatalogName } from './catalog-orders.ts';
import type { CatalogSummary } from '../catalog-summary.ts';
import { registerSnapshot } from './snapshot-reader.ts';
import { truncateComment } from '../truncate-comment.ts';
import { createConcurrencyLimit } from '../../concurrency-limit.ts';
import { createColumnKeeper } from '../column-keeper.ts';

interface SnapshotWriterOptions {
  readonly clock: Clock;
  /** In seconds since the epoch. The store deletes the snapshot after this time. */
  readonly expires?: number;
  /** The previous catalog, from which sampled tables keep columns. */
  readonly earlier?: Pick<CatalogSummary, 'snapshot_id' | 'introspected_at'> | undefined;
}

/** Disposal waits for all writes in progress. A failed snapshot can be removed only after that. */
interface SnapshotWriter extends AsyncDisposable {
  readonly sink: TableSink;
  /** Writes all pending blocks. Only after this may a connection point to the snapshot. */
  finish(missing: readonly Missing[], durationMs: number, names?: NameRules): Promise<CatalogSummary>;
}

/** Stores tables as they arrive, in bounded memory: blocks are written as they fill, and only names stay in memory to be sorted. */
export const createSnapshotWriter = (
  store: Store,
  place: SnapshotRef,
  { clock, expires, earlier }: SnapshotWriterOptions,
): SnapshotWriter => {
  const writes = createConcurrencyLimit(8);
  let registered: Promise<void> | undefined;
  const putBlock: PutBlock = async (block) => {
    await (registered ??= registerSnapshot(store, place, clock()));
    await writes.start(() => store.write([{ put: expires === undefined ? block : { ...block, expires } }]));
  };
  const tableBlocks = createBlockWriter(place, catalogOrders.tables, 1_000_000, putBlock);
  const now = clock();
  const introspectedAt = new Date(now).toISOString();
  const keepColumns = createColumnKeeper(store, place, earlier, now);
  const names: SortableName[] = [];
  const cuts: TableCut[] = [];
  let last: Table | undefined;
  let columns = 0;

  const addTable = async (found: Table): Promise<void> => {
    const table = removeInvalidCounts(found);
    if (last !== undefined && compareTables(last, table) >= 0)
      throw new RangeError('Tables come in order of schema, then name, by their bytes, and each once');
    last = table;
    if (!hasStorableName(table)) {
      cuts.push('name');
      return;
    }
    const merged = await keepColumns(table);
    const whole = fitTable(merged);
    // Columns that this introspection found take precedence over columns kept from earlier ones.
    const { line, kept, cut } = whole.cut === undefined || merged === table ? whole : fitTable(table);
    if (cut !== undefined) cuts.push(cut);
    columns += kept;
    names.push(toSortableName(toCatalogName(table), names.at(-1)));
    await tableBlocks.add(table, table.kind, line);
  };

  const writeNames = async (
    order: CatalogOrder<CatalogName>,
    sorted: readonly SortableName[],
  ): Promise<void> => {
    const block = createBlockWriter(place, order, 250_000, putBlock);
    for (const { name } of sorted) await block.add(name, name.kind, JSON.stringify(name));
    await block.end();
  };

  return {
    sink: async (tables) => {
      for (const table of tables) await addTable(table);
    },

    finish: async (missing, durationMs, rules) => {
      await tableBlocks.end();
      const schemas = names.filter(({ name }, i) => name.schema !== names[i - 1]?.name.schema);
      await writeNames(catalogOrders.schemas, schemas.map(toSchemaName).toSorted(compareByLabel));
      await writeNames(catalogOrders.namesInSchema, names.toSorted(compareBySchema));
      await writeNames(catalogOrders.names, names.sort(compareByLabel));
      await writeNames(
        catalogOrders.topics,
        names.filter(({ name }) => name.kind === 'topic'),
      );
      await writes.done();
      const all = [...missing, ...listCutTables(cuts)].map((each) => ({
        ...each,
        remediation: cutText(each.remediation, MAX_REMEDIATION_CHARACTERS),
      }));
      return {
        snapshot_id: place.snapshot,
        introspected_at: introspectedAt,
        tables: names.length,
        columns,
        complete: all.length === 0,
        missing: all,
        ...(rules && { names: rules }),
        duration_ms: durationMs,
      };
    },

    [Symbol.asyncDispose]: writes.settled,
  };
};

interface SortableName {
  readonly folded: string;
  readonly name: CatalogName;
}

/** Statistics of a source may be damaged or invented. A number that cannot be a count becomes `null`. */
const removeInvalidCounts = (table: Table): Table =>
  isValidCount(table.rows) && isValidCount(table.size_bytes)
    ? table
    : {
        ...table,
        rows: isValidCount(table.rows) ? table.rows : null,
        size_bytes: isValidCount(table.size_bytes) ? table.size_bytes : null,
      };

const isValidCount = (count: number | null): boolean =>
  count === null || (count >= 0 && count <= Number.MAX_SAFE_INTEGER);

const compareTables = (a: Table, b: Table): number =>
  compareUtf8(a.schema, b.schema) || compareUtf8(a.name, b.name);

const compareByLabel = (a: SortableName, b: SortableName): number =>
  compareUtf8(a.folded, b.folded) ||
  compareUtf8(a.name.schema, b.name.schema) ||
  compareUtf8(a.name.label, b.name.label);

const compareBySchema = (a: SortableName, b: SortableName): number =>
  compareUtf8(a.name.schema, b.name.schema) || compareByLabel(a, b);

/** Copies the name: a substring would keep the whole text that the driver read in memory. */
const toSortableName = (name: CatalogName, before: SortableName | undefined): SortableName => {
  const copy: CatalogName = JSON.parse(JSON.stringify(name));
  const schema = before?.name.schema === copy.schema ? before.name.schema : copy.schema;
  return { folded: foldCase(copy.label), name: { ...copy, schema } };
};

const toCatalogName = ({ schema, name, kind, rows, size_bytes, comment }: Table): CatalogName => ({
  label: name,
  schema,
  kind,
  rows,
  size_bytes,
  comment: truncateComment(comment),
});

const toSchemaName = ({ name: { schema } }: SortableName): SortableName => ({
  folded: foldCase(schema),
  name: { label: schema, schema, kind: 'schema', rows: null, size_bytes: null, comment: null },
});
