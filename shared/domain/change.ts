import { Problem } from '../problem.ts';
import type { Probe } from '../ports/probe.ts';
import { type Change, Conflict, type Store } from '../ports/store.ts';
import { connectorOf } from './assemble.ts';
import { audit, type Actor } from './audit.ts';
import type { StoredConnection } from './connection.ts';
import type { ConnectionPatch } from './connection-input.ts';
import { nameTaken } from './create.ts';
import { keys } from './keys.ts';
import { needsTest } from './derived.ts';
import { applyPatch } from './patch.ts';
import { currentLayout } from './stored-item.ts';
import { after, type Decision, findConnection, putConnection, updateConnection } from './write.ts';

interface ConnectionChange {
  readonly id: string;
  readonly patch: ConnectionPatch;
  /** The version that the caller expects. */
  readonly version?: number | undefined;
}

/** Applies a caller's update. If it touches credentials, the probe applies it, because only the probe can read and merge them. */
export const patchConnection = async (
  { store, probe }: { readonly store: Store; readonly probe: Pick<Probe, 'credentials'> },
  actor: Actor,
  change: ConnectionChange,
): Promise<StoredConnection> => {
  const { tenant } = actor;
  const { id, patch, version } = change;
  const read = await findConnection(store, tenant, id);
  checkVersion(read, version);
  const { credentials } = await applyPatch(connectorOf(read.type), read, patch);
  if (credentials === undefined) {
    return changeConnection(store, actor, change, read);
  }
  const { request_id } = actor;
  const call = { tenant, id, actor: actor.actor, request_id, patch };
  return probe.credentials({ ...call, ...(version !== undefined && { version }) });
};

/** Throws `precondition-failed` if the connection does not have the version that the caller expects. */
export const checkVersion = (stored: StoredConnection, seen: number | undefined) => {
  if (seen !== undefined && seen !== stored.version) throw new Problem('precondition-failed');
};

/** Updates everything except credentials, with one read and one write. Pass `first` if the connection was read already. */
export const changeConnection = async (
  store: Store,
  actor: Actor,
  { id, patch, version }: ConnectionChange,
  first?: StoredConnection,
): Promise<StoredConnection> => {
  const decide = async (read: StoredConnection): Promise<Decision> => {
    checkVersion(read, version);
    const { next } = await applyPatch(connectorOf(read.type), read, patch);
    return next === read ? { next, changes: [] } : changed(actor, read, next);
  };
  try {
    return await updateConnection(store, actor.tenant, id, decide, first);
  } catch (error) {
    throw error instanceof Conflict ? nameTaken(error) : error;
  }
};

/**
 * The writes that replace `read` with `next`: a new version, a new name item if the name changes, and a test if the last one is outdated.
 */
export const changed = (actor: Actor, read: StoredConnection, next: StoredConnection): Decision => {
  const { tenant, now } = actor;
  const test = needsTest(read, next);
  const version = read.version + 1;
  const state = after(read, {
    ...next,
    version,
    cause: 'updated',
    updated_at: new Date(now).toISOString(),
    ...(test && { status: 'testing', status_reason: null, awaits_test: version }),
  });
  const renamed = keys.name(tenant, read.name).sk !== keys.name(tenant, next.name).sk;
  const names: Change[] = renamed
    ? [
        {
          put: { ...keys.name(tenant, next.name), layout: currentLayout('name'), connection: read.id },
          if: 'absent',
        },
        { remove: keys.name(tenant, read.name) },
      ]
    : [];
  return { next: state, changes: [putConnection(state, read), ...names, audit(actor, read.id, 'changed')] };
};
