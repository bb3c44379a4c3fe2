import type { Missing, Sampled, Scope, Sink, Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { readSome } from '../read-some.ts';
import { createPartFailures } from '../retry.ts';
import { atMost, type Runner } from './at-most.ts';
import type { Bucket } from './client.ts';
import { readColumns, type Reading } from './columns.ts';
import { type DataSet, dataSets, partitionColumns } from './data-sets.ts';
import { isDenied, findLack } from './failures.ts';
import type { Listed } from './list.ts';
import { listAll } from './list-all.ts';
import { createLacks, listMissing, type Lacks } from './missing.ts';
import { rangedReads } from './ranges.ts';
import { mayList } from './privileges.ts';
import { mostSockets } from './request-handler.ts';

/** Lists the bucket once, then reads the beginning or the end of one object per table, or of a second one if the first is unreadable. */
export const introspect = async (bucket: Bucket, scope: Scope, sink: Sink): Promise<readonly Missing[]> => {
  const { found, more } = await list(bucket, scope);
  if (found === undefined) {
    return [{ reason: 'the account may not list the bucket', remediation: mayList(bucket).grant }];
  }
  const lacks = createLacks();
  const failures = createPartFailures();
  const alone = atMost(1);
  const sets = [...found.values()].sort(byPlace);
  for (let from = 0; from < sets.length;) {
    const read = (set: DataSet) => tableOf(bucket, set, { lacks, failures, alone });
    const tables = await readSome(sets.slice(from, from + batch), read, mostSockets);
    from += tables.length;
    await sink(tables.filter((table) => table !== undefined));
  }
  return [...more, ...listMissing(bucket, lacks)];
};

const batch = 400;
const mostObjects = 2_000_000;
const mostTables = 100_000;

const list = async (
  bucket: Bucket,
  scope: Scope,
): Promise<{ readonly found?: ReadonlyMap<string, DataSet>; readonly more: readonly Missing[] }> => {
  const sets = dataSets(bucket.name, scope, mostTables);
  const all = await listAll(bucket, (object) => sets.add(object), mostObjects).catch((error: unknown) => {
    if (isDenied(error)) return undefined;
    throw error;
  });
  if (!all) return { more: [] };
  const narrow = 'Name a narrower config.prefix.';
  const over = sets.overflow();
  return {
    found: sets.found,
    more: [
      ...(all.whole
        ? []
        : [{ reason: `only the first ${all.listed} objects were listed`, remediation: narrow }]),
      ...(over === 0
        ? []
        : [{ reason: `objects beyond the first ${mostTables} tables`, count: over, remediation: narrow }]),
      ...(sets.oversized() === 0
        ? []
        : [
            {
              reason: 'objects with keys of more than 1024 characters',
              count: sets.oversized(),
              remediation: 'Give the objects shorter keys: S3 itself allows no longer ones.',
            },
          ]),
    ],
  };
};

/** The counts and limits that all reads of one introspection share. */
interface Seen {
  readonly lacks: Lacks;
  readonly failures: ReturnType<typeof createPartFailures>;
  readonly alone: Runner;
}

/** Returns `undefined` for an object that the account may not read. */
const tableOf = async (bucket: Bucket, set: DataSet, seen: Seen): Promise<Table | undefined> => {
  const { bytes, filled, spare } = set;
  let { sample } = set;
  let found = await read(bucket, sample, seen);
  if (found === 'unread' && spare && !spare.archived) {
    const other = await read(bucket, spare, seen);
    if (typeof other === 'object') [found, sample] = [other, spare];
  }
  if (found === 'denied') return undefined;
  const reading = found === 'unread' ? undefined : found;
  const own = (reading?.columns ?? [])
    .filter(({ name }) => !set.partitions.has(name))
    .map((column) => (filled > 1 ? { share: 1, ...column } : column));
  const rows = reading?.rows ?? (bytes === 0 ? 0 : null);
  const rowsInAll = rows === null || !sample ? rows : estimateRows(rows, sample, set);
  const sampled = findSampled(found, filled, rowsInAll);
  return {
    schema: set.schema,
    name: set.name,
    kind: set.kind,
    comment: null,
    rows: rowsInAll,
    size_bytes: bytes,
    statistics_at: null,
    parent: null,
    columns: [
      ...own.map((column, at) => ({ ...column, position: at + 1 })),
      ...partitionColumns(set, own.length + 1),
    ],
    ...(sampled && { sampled }),
    ...((found === 'unread' || reading?.cut) && { partial: true }),
    primary_key: [],
    foreign_keys: [],
    indexes: [],
  };
};

/** Estimates from the size of the sampled file; `null` if the files have several formats or compressions. */
const estimateRows = (rows: number, sample: Listed, { bytes, mixed }: DataSet): number | null =>
  mixed ? null : Math.round((rows * bytes) / sample.size);

/** What was sampled: one of several files, or the beginning of a text. `undefined` if all was read, or if the file is not a table. */
const findSampled = (
  found: Reading | 'unread' | undefined,
  files: number,
  rows: number | null,
): Sampled | undefined => {
  if (found === undefined) return undefined;
  if (found === 'unread') return { files: 0, of: files };
  if (files > 1) return { files: 1, of: files };
  return found.looked && { ...found.looked, of: rows };
};

const mostArchivedTried = 10;

/** Returns `unread` for an object that may be a table but cannot be read. */
const read = async (
  bucket: Bucket,
  sample: Listed | undefined,
  { lacks, failures, alone }: Seen,
): Promise<Reading | 'denied' | 'unread' | undefined> => {
  if (!sample) return undefined;
  // A restored object keeps the storage class of an archive, so some archived objects are tried.
  if (sample.archived && lacks.archived >= mostArchivedTried) {
    lacks.archived += 1;
    return 'unread';
  }
  try {
    const reading = await readColumns(sample, rangedReads(bucket, sample), alone);
    failures.succeeded();
    if (typeof reading === 'string') {
      lacks[reading] += 1;
      return 'unread';
    }
    if (reading?.cut) lacks.cut += 1;
    lacks.unknownTypes += reading?.unknownTypes ?? 0;
    return reading;
  } catch (error) {
    const lack = findLack(error);
    if (lack === undefined) throw error;
    lacks[lack] += 1;
    if (lack === 'failing' && failures.failed()) throw error;
    return lack === 'denied' ? 'denied' : 'unread';
  }
};
