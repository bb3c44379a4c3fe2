import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { readSome } from '../read-some.ts';
import { createPartFailures } from '../retry.ts';
import { atMost, type Runner } from './at-most.ts';
import type { Bucket } from './client.ts';
import { readColumns, type Reading } from './columns.ts';
import { type DataSet, dataSets, partitionColumns } from './data-sets.ts';
import { isDenied, findLack, type ObjectLack } from './failures.ts';
import { listAll } from './list-all.ts';
import { rangedReads } from './ranges.ts';
import { mayList, mayRead } from './privileges.ts';
import { mostSockets } from './request-handler.ts';

/** Lists once, then reads the ends or the beginnings of what was found, one object a table. */
export const introspect = async (bucket: Bucket, scope: Scope, sink: Sink): Promise<readonly Missing[]> => {
  const { found, more } = await list(bucket, scope);
  if (found === undefined) {
    return [{ reason: 'the account may not list the bucket', remediation: mayList(bucket).grant }];
  }
  const lacks: Lacks = {
    denied: 0,
    archived: 0,
    gone: 0,
    keys: 0,
    failing: 0,
    unreadable: 0,
    tooLarge: 0,
    cut: 0,
  };
  const failures = createPartFailures();
  const alone = atMost(1);
  const sets = [...found.values()].sort(byPlace);
  for (let from = 0; from < sets.length;) {
    const read = (set: DataSet) => tableOf(bucket, set, { lacks, failures, alone });
    const tables = await readSome(sets.slice(from, from + batch), read, mostSockets);
    from += tables.length;
    await sink(tables.filter((table) => table !== undefined));
  }
  return [...more, ...missingOf(bucket, lacks)];
};

const batch = 400;
const mostObjects = 2_000_000;
const mostTables = 100_000;

type Lacks = Record<ObjectLack | 'unreadable' | 'tooLarge' | 'cut', number>;

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

/** What is kept count of while tables are read. */
interface Seen {
  readonly lacks: Lacks;
  readonly failures: ReturnType<typeof createPartFailures>;
  readonly alone: Runner;
}

/** Nothing for what the account may not read. */
const tableOf = async (bucket: Bucket, set: DataSet, seen: Seen): Promise<Table | undefined> => {
  const reading = await read(bucket, set, seen);
  if (reading === 'denied') return undefined;
  const own = (reading?.columns ?? []).filter(({ name }) => !set.partitions.has(name));
  const { sample, bytes } = set;
  const rows = reading?.rows ?? (bytes === 0 ? 0 : null);
  return {
    schema: set.schema,
    name: set.name,
    kind: set.kind,
    comment: null,
    rows: rows === null || !sample ? rows : Math.round((rows * bytes) / sample.size),
    size_bytes: bytes,
    statistics_at: null,
    parent: null,
    columns: [
      ...own.map((column, at) => ({ ...column, position: at + 1 })),
      ...partitionColumns(set, own.length + 1),
    ],
    primary_key: [],
    foreign_keys: [],
    indexes: [],
  };
};

const read = async (
  bucket: Bucket,
  { sample }: DataSet,
  { lacks, failures, alone }: Seen,
): Promise<Reading | 'denied' | undefined> => {
  if (!sample) return undefined;
  if (sample.archived) {
    lacks.archived += 1;
    return undefined;
  }
  try {
    const reading = await readColumns(sample, rangedReads(bucket, sample), alone);
    failures.succeeded();
    if (reading === 'unreadable') {
      lacks.unreadable += 1;
      return undefined;
    }
    if (reading === 'too-large') {
      lacks.tooLarge += 1;
      return undefined;
    }
    if (reading?.cut) lacks.cut += 1;
    return reading;
  } catch (error) {
    const lack = findLack(error);
    if (lack === undefined) throw error;
    lacks[lack] += 1;
    if (lack === 'failing' && failures.failed()) throw error;
    return lack === 'denied' ? 'denied' : undefined;
  }
};

const missingOf = (
  bucket: Bucket,
  { denied, archived, keys, failing, unreadable, tooLarge, cut }: Lacks,
): readonly Missing[] => [
  ...(denied === 0
    ? []
    : [
        {
          reason: 'objects that the account may not read',
          count: denied,
          remediation: mayRead(bucket).grant,
        },
      ]),
  ...(archived === 0
    ? []
    : [
        {
          reason: 'columns of objects that are archived',
          count: archived,
          remediation: 'Restore the objects to a storage class that can be read at once.',
        },
      ]),
  ...(keys === 0
    ? []
    : [
        {
          reason: 'columns of objects whose encryption key cannot be used',
          count: keys,
          remediation:
            'Enable the KMS keys of these objects, and grant the account kms:Decrypt on them; then introspect again.',
        },
      ]),
  ...(failing === 0
    ? []
    : [
        {
          reason: 'columns of objects that the server failed to send',
          count: failing,
          remediation:
            'Introspect again later: the server answered with errors of its own, asked for fewer requests or did not answer, three times for each.',
        },
      ]),
  ...(unreadable === 0
    ? []
    : [
        {
          reason: 'columns of objects that are not what their names say',
          count: unreadable,
          remediation:
            'Replace or remove the objects; what is encrypted or damaged is listed without columns.',
        },
      ]),
  ...(tooLarge === 0
    ? []
    : [
        {
          reason: 'columns of objects that are too large or too deeply nested to read',
          count: tooLarge,
          remediation:
            'Write the objects with fewer or less deeply nested values, or name a narrower config.prefix.',
        },
      ]),
  ...(cut === 0
    ? []
    : [
        {
          reason: 'columns beyond the first of objects that have too many',
          count: cut,
          remediation:
            'Have no data in the names of fields: only the first columns of these objects are told.',
        },
      ]),
];
