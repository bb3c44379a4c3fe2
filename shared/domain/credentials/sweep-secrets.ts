import type { Log } from '../../log.ts';
import { createMetricFields } from '../../metric.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ReadStore, Store } from '../../ports/store.ts';
import type { ListedSecret, RemovedSecret, SweepVault } from '../../ports/vault.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { tableKeys } from '../table-keys.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { compareMarks, type MarkState, renewMark } from './store-mark.ts';

export interface SweepPorts {
  readonly store: Store;
  readonly vault: SweepVault;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SweepResult {
  readonly seen: number;
  /** The number of secrets that were quarantined. */
  readonly removed: number;
  /** The number of removed secrets that were restored because a connection names them. */
  readonly restored: number;
  /** Why nothing was removed, although there were secrets to remove. */
  readonly refused?: string;
}

/**
 * Quarantines secrets that no connection names, for 30 days: they were left by a create that was killed before its transaction, or by a
 * purge that was killed after it. Removes nothing if the store may not be the one that the secrets belong to, because then a missing
 * reference proves nothing.
 */
export const sweepSecrets = async (ports: SweepPorts): Promise<SweepResult> => {
  const { store, vault, clock, log } = ports;
  const restored = await restoreNamedSecrets(ports);
  const marks = await compareMarks({ store, vault });
  const found = await findUnnamedSecrets(ports);
  const seen = found.seen;
  const refused = describeObstacle(marks, found);
  if (refused !== undefined) {
    const fields = createMetricFields('SweepRefused', 1, clock());
    log.error('sweep refused', refused, { seen, unnamed: found.unnamed.length, ...fields });
    return { seen, removed: 0, restored, refused };
  }
  // If the marks are new, secrets are removed only from the next sweep on.
  const removed = marks === 'same' ? await quarantineSecrets(ports, found.unnamed) : 0;
  await renewMark({ store, vault });
  return { seen, removed, restored };
};

/** Explains why the sweep would remove nothing, and what to do about it. Lists no secrets if the marks are the same. */
export const findSweepObstacle = async (ports: SweepPorts): Promise<string | undefined> => {
  const marks = await compareMarks(ports);
  return marks === 'same' ? undefined : describeObstacle(marks, await findUnnamedSecrets(ports));
};

interface UnnamedSecrets {
  readonly seen: number;
  /** The secrets that no connection names and that are too old for a create in progress. */
  readonly unnamed: readonly ListedSecret[];
  /** The number of secrets that no connection names yet, but that a create in progress may use. */
  readonly young: number;
}

/** Finds the secrets that no active or deleted connection names. */
export const findUnnamedSecrets = async ({
  store,
  vault,
  clock,
  log,
}: SweepPorts): Promise<UnnamedSecrets> => {
  const unnamed: ListedSecret[] = [];
  const reads = createConcurrencyLimit(16);
  let [seen, young] = [0, 0];
  const reportUnreadable = (secret: string, error: unknown) =>
    log.error('secret read failed', error, {
      secret,
      ...createMetricFields('SecretsUnreadable', 1, clock()),
    });
  try {
    for await (const secret of vault.list(reportUnreadable)) {
      seen += 1;
      await reads.start(async () => {
        if (!(await isUnnamedSecret(store, secret, clock()))) return;
        if (secret.created_at > clock() - MAX_CREATE_MS) young += 1;
        else unnamed.push(secret);
      });
    }
    await reads.done();
  } finally {
    await reads.settled();
  }
  return { seen, unnamed, young };
};

/** At most one in twenty, and always one if the store names others. */
const toSweepLimit = (seen: number): number => Math.min(Math.ceil(seen / 20), seen - 1);

const describeObstacle = (marks: MarkState, { seen, unnamed, young }: UnnamedSecrets): string | undefined => {
  const count = unnamed.length;
  if (marks === 'lost')
    return (
      'The vault is not the one that this store was last used with: it is new, or it is another vault. Restore the right vault, ' +
      'or confirm that this one is right: npm run vault -- accept. Send the credentials that it does not hold again'
    );
  if (marks === 'other' && count + young > 0)
    return (
      `The store is not the one that this vault was last used with: it is another store or an earlier copy, and no connection in it names ` +
      `${count + young} of ${seen} secrets. Restore the right store, or confirm that this one is right: npm run vault -- accept`
    );
  if (count === 0 || count <= toSweepLimit(seen)) return undefined;
  return (
    `No connection in the store names ${count} of ${seen} secrets, which is more than one in twenty. Restore the right store, or list ` +
    'the secrets with npm run vault -- list-unnamed and remove them with npm run vault -- quarantine NAME…'
  );
};

/** If an active connection names a removed secret, the removal was a mistake: after a crash, or before the store was restored. */
const restoreNamedSecrets = async ({ store, vault, log }: SweepPorts): Promise<number> => {
  const wanted: RemovedSecret[] = [];
  for await (const secret of vault.listRemoved()) {
    const item = await store.get(tableKeys.connection(secret.owner, secret.owner.id));
    const named = item && readConnection(item).secret;
    if (named && 'name' in named && named.name === secret.name) wanted.push(secret);
  }
  for (const { name } of wanted) {
    await vault.restore({ name });
    log.info('secret restored', { secret: name });
  }
  return wanted.length;
};

const quarantineSecrets = async (
  { vault, clock, log }: SweepPorts,
  unnamed: readonly ListedSecret[],
): Promise<number> => {
  let removed = 0;
  let failure: unknown;
  for (const { name } of unnamed) {
    log.info('secret quarantine started', {
      secret: name,
      days: QUARANTINE_DAYS,
      ...createMetricFields('SecretsQuarantined', 1, clock()),
    });
    try {
      await vault.remove({ name }, QUARANTINE_DAYS);
      removed += 1;
    } catch (error) {
      failure = error;
      log.error('secret quarantine failed', error, { secret: name });
    }
  }
  if (failure !== undefined)
    throw new Error(`${unnamed.length - removed} secrets could not be removed`, { cause: failure });
  return removed;
};

/** As long as a deleted connection can be restored. */
export const QUARANTINE_DAYS = 30;

/** Far more than the longest create takes. */
const MAX_CREATE_MS = 3_600_000;

/** Whether neither an active nor a deleted connection exists. None can appear later, because ids are used only once. */
const isUnnamedSecret = async (store: ReadStore, { owner }: ListedSecret, now: number): Promise<boolean> => {
  if (await store.get(tableKeys.connection(owner, owner.id))) return false;
  if (await store.get(tableKeys.deleted(owner, owner.id))) return false;
  // A restore between these two reads would hide the connection from both, but it leaves an audit record.
  const { pk, sk: from } = tableKeys.audit(owner, owner.id, new Date(now - MAX_CREATE_MS).toISOString(), '');
  const { sk: to } = tableKeys.audit(owner, owner.id, '~', '');
  const { items } = await store.query({ pk, from, to, limit: 1 });
  return items.length === 0;
};
