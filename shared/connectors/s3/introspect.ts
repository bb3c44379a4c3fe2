import type { Missing, Sampled, CatalogScope, TableSink, Table } from '../catalog.ts';
import { compareQualifiedNames } from '../reading/compare-names.ts';
import { readTableBatch } from '../reading/read-table-batch.ts';
import { createPartFailureCounter } from '../reading/retry.ts';
import { createTaskLimiter, type TaskLimiter } from './task-limiter.ts';
import type { BucketClient } from './bucket-client.ts';
import { readObjectColumns } from './read-object-columns.ts';
import type { ObjectColumns } from './object-columns.ts';
import { type DataSet, createDataSets, toPartitionColumns } from './data-sets.ts';
import { isS3Denied, findObjectFailure } from './failures.ts';
import type { ListedObject } from './list-object-page.ts';
import { listAllObjects } from './list-all-objects.ts';
import { createS3MissingCounts, listS3Missing, type S3MissingCounts } from './missing.ts';
import { createRangeReader } from './range-reader.ts';
import { createListGrant } from './privileges.ts';
import { MAX_AWS_SOCKETS } from '../aws/request-handler.ts';

/** Lists the bucket once, then reads the beginning or the end of one object per table, or of a second one if the first is unreadable. */
export const introspectS3 = async (
  bucket: BucketClient,
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const { found, more: limitsReached } = await listDataSets(bucket, scope);
  if (found === undefined) {
    return [{ reason: 'bucket-denied', remediation: createListGrant(bucket).grant }];
  }
  const missingCounts = createS3MissingCounts();
  const failures = createPartFailureCounter();
  const alone = createTaskLimiter(1);
  const sets = [...found.values()].sort(compareQualifiedNames);
  for (let from = 0; from < sets.length;) {
    const readTable = (set: DataSet) => readS3Table(bucket, set, { missingCounts, failures, alone });
    const tables = await readTableBatch(
      sets.slice(from, from + S3_TABLES_PER_BATCH),
      readTable,
      MAX_AWS_SOCKETS,
    );
    from += tables.length;
    await sink(tables.filter((table) => table !== undefined));
  }
  return [...limitsReached, ...listS3Missing(bucket, missingCounts)];
};

const S3_TABLES_PER_BATCH = 400;
const MAX_LISTED_OBJECTS = 2_000_000;
const MAX_S3_TABLES = 100_000;

const listDataSets = async (
  bucket: BucketClient,
  scope: CatalogScope,
): Promise<{ readonly found?: ReadonlyMap<string, DataSet>; readonly more: readonly Missing[] }> => {
  const sets = createDataSets(bucket.name, scope, MAX_S3_TABLES);
  const all = await listAllObjects(bucket, (object) => sets.add(object), MAX_LISTED_OBJECTS).catch(
    (error: unknown) => {
      if (isS3Denied(error)) return undefined;
      throw error;
    },
  );
  if (!all) return { more: [] };
  const more: Missing[] = [];
  if (!all.whole) {
    const remediation = `Set a narrower config.prefix: only the first ${all.listed} objects were listed.`;
    more.push({ reason: 'objects-limited', remediation });
  }
  if (sets.overflow() > 0) {
    const remediation = `Set a narrower config.prefix: the catalog has only the first ${MAX_S3_TABLES} tables.`;
    more.push({ reason: 'tables-limited', count: sets.overflow(), remediation });
  }
  if (sets.oversized() > 0) {
    const remediation =
      'Give these objects keys of at most 1024 characters, which is the limit of S3 itself.';
    more.push({ reason: 'object-keys-too-long', count: sets.oversized(), remediation });
  }
  return { found: sets.found, more };
};

/** The counts and limits that all reads of one introspection share. */
interface ObjectReadState {
  readonly missingCounts: S3MissingCounts;
  readonly failures: ReturnType<typeof createPartFailureCounter>;
  readonly alone: TaskLimiter;
}

/** Returns `undefined` for an object that the account may not read. */
const readS3Table = async (
  bucket: BucketClient,
  set: DataSet,
  state: ObjectReadState,
): Promise<Table | undefined> => {
  const { bytes, filled, spare } = set;
  let { sample } = set;
  let found = await readSampleObject(bucket, sample, state);
  if (found === 'unread' && spare && !spare.archived) {
    const other = await readSampleObject(bucket, spare, state);
    if (typeof other === 'object') [found, sample] = [other, spare];
  }
  if (found === 'denied') return undefined;
  const reading = found === 'unread' ? undefined : found;
  const fileColumns = (reading?.columns ?? [])
    .filter(({ name }) => !set.partitions.has(name))
    .map((column) => (filled > 1 ? { share: 1, ...column } : column));
  const rows = reading?.rows ?? (bytes === 0 ? 0 : null);
  const tableRows = rows === null || !sample ? rows : estimateTableRows(rows, sample, set);
  const sampled = toSampled(found, filled, tableRows);
  return {
    schema: set.schema,
    name: set.name,
    kind: set.kind,
    comment: null,
    rows: tableRows,
    size_bytes: bytes,
    statistics_at: null,
    parent: null,
    columns: [
      ...fileColumns.map((column, at) => ({ ...column, position: at + 1 })),
      ...toPartitionColumns(set, fileColumns.length + 1),
    ],
    ...(sampled && { sampled }),
    ...((found === 'unread' || reading?.cut) && { partial: true }),
    primary_key: [],
    foreign_keys: [],
    indexes: [],
  };
};

/** Estimates from the size of the sampled file; `null` if the files have several formats or compressions. */
const estimateTableRows = (rows: number, sample: ListedObject, { bytes, mixed }: DataSet): number | null =>
  mixed ? null : Math.round((rows * bytes) / sample.size);

/** What was sampled: one of several files, or the beginning of a text. `undefined` if all was read, or if the file is not a table. */
const toSampled = (
  found: ObjectColumns | 'unread' | undefined,
  files: number,
  rows: number | null,
): Sampled | undefined => {
  if (found === undefined) return undefined;
  if (found === 'unread') return { files: 0, of: files };
  if (files > 1) return { files: 1, of: files };
  return found.sampled && { ...found.sampled, of: rows };
};

const MAX_ARCHIVED_ATTEMPTS = 10;

/** Returns `unread` for an object that may be a table but cannot be read. */
const readSampleObject = async (
  bucket: BucketClient,
  sample: ListedObject | undefined,
  { missingCounts, failures, alone }: ObjectReadState,
): Promise<ObjectColumns | 'denied' | 'unread' | undefined> => {
  if (!sample) return undefined;
  // A restored object keeps the storage class of an archive, so some archived objects are tried.
  if (sample.archived && missingCounts.archived >= MAX_ARCHIVED_ATTEMPTS) {
    missingCounts.archived += 1;
    return 'unread';
  }
  try {
    const reading = await readObjectColumns(sample, createRangeReader(bucket, sample), alone);
    failures.recordSuccess();
    if (typeof reading === 'string') {
      missingCounts[reading] += 1;
      return 'unread';
    }
    if (reading?.cut) missingCounts.cut += 1;
    missingCounts.unknownTypes += reading?.unknownTypes ?? 0;
    return reading;
  } catch (error) {
    const objectFailure = findObjectFailure(error);
    if (objectFailure === undefined) throw error;
    missingCounts[objectFailure] += 1;
    if (objectFailure === 'failing' && failures.recordFailure()) throw error;
    return objectFailure === 'denied' ? 'denied' : 'unread';
  }
};
