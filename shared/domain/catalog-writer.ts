import { cutText, maxCure } from '../characters.ts';
import type { Missing, Sink, Table } from '../connectors/catalog.ts';
import { foldCase, type NameRules } from '../connectors/names.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { packer } from './catalog-blocks.ts';
import type { Order, Place, PutBlock } from './catalog-blocks.ts';
import { fitsByName, fitted, missingBy } from './catalog-fit.ts';
import type { Cut } from './catalog-fit.ts';
import { byBytes } from '../connectors/order.ts';
import { orders } from './catalog-orders.ts';
import type { Name } from './catalog-orders.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { registerSnapshot } from './catalogs.ts';
import { hint } from './hint.ts';
import { inFlight } from './in-flight.ts';
import { createKeeper } from './keep-seen.ts';

interface Options {
  readonly clock: Clock;
  /** In seconds since the epoch. The store deletes the snapshot after this time. */
  readonly expires?: number;
  /** The previous catalog, from which sampled tables keep columns. */
  readonly earlier?: Pick<CatalogSummary, 'snapshot_id' | 'introspected_at'> | undefined;
}

/** Disposal waits for all writes in progress. A failed snapshot can be removed only after that. */
interface CatalogWriter extends AsyncDisposable {
  readonly sink: Sink;
  /** Writes all pending blocks. Only after this may a connection point to the snapshot. */
  finish(missing: readonly Missing[], durationMs: number, names?: NameRules): Promise<CatalogSummary>;
}

/** Stores tables as they arrive, in bounded memory: blocks are written as they fill, and only names stay in memory to be sorted. */
export const catalogWriter = (
  store: Store,
  place: Place,
  { clock, expires, earlier }: Options,
): CatalogWriter => {
  const writes = inFlight(8);
  let registered: Promise<void> | undefined;
  const put: PutBlock = async (block) => {
    await (registered ??= registerSnapshot(store, place, clock()));
    await writes.start(() => store.write([{ put: expires === undefined ? block : { ...block, expires } }]));
  };
  const packed = packer(place, orders.tables, 1_000_000, put);
  const now = clock();
  const introspectedAt = new Date(now).toISOString();
  const keep = createKeeper(store, place, earlier, now);
  const names: SortableName[] = [];
  const cuts: Cut[] = [];
  let last: Table | undefined;
  let columns = 0;

  const take = async (given: Table): Promise<void> => {
    const table = withCounts(given);
    if (last !== undefined && byOrder(last, table) >= 0)
      throw new RangeError('Tables come in order of schema, then name, by their bytes, and each once');
    last = table;
    if (!fitsByName(table)) {
      cuts.push('name');
      return;
    }
    const merged = await keep(table);
    const whole = fitted(merged);
    // Columns that this introspection found take precedence over columns kept from earlier ones.
    const { line, kept, cut } = whole.cut === undefined || merged === table ? whole : fitted(table);
    if (cut !== undefined) cuts.push(cut);
    columns += kept;
    names.push(sortable(nameOf(table), names.at(-1)));
    await packed.add(table, table.kind, line);
  };

  const writeNames = async (order: Order<Name>, sorted: readonly SortableName[]): Promise<void> => {
    const block = packer(place, order, 250_000, put);
    for (const { name } of sorted) await block.add(name, name.kind, JSON.stringify(name));
    await block.end();
  };

  return {
    sink: async (tables) => {
      for (const table of tables) await take(table);
    },

    finish: async (missing, durationMs, rules) => {
      await packed.end();
      const schemas = names.filter(({ name }, i) => name.schema !== names[i - 1]?.name.schema);
      await writeNames(orders.schemas, schemas.map(schemaOf).toSorted(byLabel));
      await writeNames(orders.namesInSchema, names.toSorted(bySchema));
      await writeNames(orders.names, names.sort(byLabel));
      await writeNames(
        orders.topics,
        names.filter(({ name }) => name.kind === 'topic'),
      );
      await writes.done();
      const all = [...missing, ...missingBy(cuts)].map((each) => ({
        ...each,
        remediation: cutText(each.remediation, maxCure),
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
  readonly name: Name;
}

/** Statistics of a source may be damaged or invented. A number that cannot be a count becomes `null`. */
const withCounts = (table: Table): Table =>
  isCount(table.rows) && isCount(table.size_bytes)
    ? table
    : {
        ...table,
        rows: isCount(table.rows) ? table.rows : null,
        size_bytes: isCount(table.size_bytes) ? table.size_bytes : null,
      };

const isCount = (count: number | null): boolean =>
  count === null || (count >= 0 && count <= Number.MAX_SAFE_INTEGER);

const byOrder = (a: Table, b: Table): number => byBytes(a.schema, b.schema) || byBytes(a.name, b.name);

const byLabel = (a: SortableName, b: SortableName): number =>
  byBytes(a.folded, b.folded) || byBytes(a.name.schema, b.name.schema) || byBytes(a.name.label, b.name.label);

const bySchema = (a: SortableName, b: SortableName): number =>
  byBytes(a.name.schema, b.name.schema) || byLabel(a, b);

/** Copies the name: a substring would keep the whole text that the driver read in memory. */
const sortable = (name: Name, before: SortableName | undefined): SortableName => {
  const copy: Name = JSON.parse(JSON.stringify(name));
  const schema = before?.name.schema === copy.schema ? before.name.schema : copy.schema;
  return { folded: foldCase(copy.label), name: { ...copy, schema } };
};

const nameOf = ({ schema, name, kind, rows, size_bytes, comment }: Table): Name => ({
  label: name,
  schema,
  kind,
  rows,
  size_bytes,
  comment: hint(comment),
});

const schemaOf = ({ name: { schema } }: SortableName): SortableName => ({
  folded: foldCase(schema),
  name: { label: schema, schema, kind: 'schema', rows: null, size_bytes: null, comment: null },
});
