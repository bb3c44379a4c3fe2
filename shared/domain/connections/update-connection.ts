import { Problem } from '../../problem.ts';
import type { Probe } from '../../ports/probe.ts';
import { type StoreChange, Conflict, type Store } from '../../ports/store.ts';
import { resolveConnector } from './parse-connection-input.ts';
import { buildAuditPut, type Actor } from '../access/audit.ts';
import type { StoredConnection } from './connection.ts';
import type { ConnectionPatch } from './connection-input.ts';
import { createNameTakenProblem } from './create-connection.ts';
import { tableKeys } from '../table-keys.ts';
import { isTestOutdated } from './derived-data.ts';
import { applyUpdate } from './apply-update.ts';
import { buildTriggerIndexChanges } from '../triggers/trigger-index.ts';
import { buildSlotChanges } from '../schedule/slots.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import {
  toNextRevision,
  type UpdateDecision,
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from './connection-repository.ts';

interface UpdateRequest {
  readonly id: string;
  readonly patch: ConnectionPatch;
  /** The version that the caller expects. */
  readonly version?: number | undefined;
  /** The connection, if it was read already. */
  readonly read?: StoredConnection;
}

/** Applies a caller's update. If it touches credentials, the probe applies it, because only the probe can read and merge them. */
export const updateConnectionFromPatch = async (
  { store, probe }: { readonly store: Store; readonly probe: Pick<Probe, 'credentials'> },
  actor: Actor,
  request: UpdateRequest,
): Promise<StoredConnection> => {
  const { tenant } = actor;
  const { id, patch, version } = request;
  const read = request.read ?? (await findConnection(store, tenant, id));
  checkConnectionVersion(read, version);
  const { credentials } = await applyUpdate(resolveConnector(read.type), read, patch);
  if (credentials === undefined) {
    return updateSettings(store, actor, request, read);
  }
  const { request_id } = actor;
  const call = { tenant, id, actor: actor.actor, request_id, patch };
  return probe.credentials({ ...call, ...(version !== undefined && { version }) });
};

/** Throws `precondition-failed` if the connection does not have the version that the caller expects. */
export const checkConnectionVersion = (stored: StoredConnection, seen: number | undefined) => {
  if (seen !== undefined && seen !== stored.version)
    throw new Problem('precondition-failed', 'If-Match: expected the current ETag of the connection');
};

/** Updates everything except credentials, with one read and one write. Pass `first` if the connection was read already. */
export const updateSettings = async (
  store: Store,
  actor: Actor,
  { id, patch, version }: UpdateRequest,
  first?: StoredConnection,
): Promise<StoredConnection> => {
  const decide = async (read: StoredConnection): Promise<UpdateDecision> => {
    checkConnectionVersion(read, version);
    const { next } = await applyUpdate(resolveConnector(read.type), read, patch);
    return next === read ? { next, changes: [] } : prepareUpdate(actor, read, next);
  };
  try {
    return await updateStoredConnection(store, actor.tenant, id, decide, first);
  } catch (error) {
    throw error instanceof Conflict ? createNameTakenProblem(error) : error;
  }
};

/**
 * The writes that replace `read` with `next`: a new version, a new name item if the name changes, and a test if the last one is outdated.
 */
export const prepareUpdate = (
  actor: Actor,
  read: StoredConnection,
  next: StoredConnection,
): UpdateDecision => {
  const { tenant, now } = actor;
  const test = isTestOutdated(read, next);
  const version = read.version + 1;
  const state = toNextRevision(read, {
    ...next,
    version,
    cause: 'updated',
    updated_at: new Date(now).toISOString(),
    ...(test && { status: 'testing', status_reason: null, awaits_test: version }),
  });
  const renamed = tableKeys.name(tenant, read.name).sk !== tableKeys.name(tenant, next.name).sk;
  const nameChanges: StoreChange[] = renamed
    ? [
        {
          put: {
            ...tableKeys.name(tenant, next.name),
            layout: resolveCurrentLayout('name'),
            connection: read.id,
          },
          if: 'absent',
        },
        { remove: tableKeys.name(tenant, read.name) },
      ]
    : [];
  return {
    next: state,
    changes: [
      buildConnectionPut(state, read),
      ...nameChanges,
      buildAuditPut(actor, read.id, 'changed'),
      ...buildTriggerIndexChanges(read, state),
      ...buildSlotChanges(
        { tenant, id: read.id },
        read.options.test_interval_minutes,
        next.options.test_interval_minutes,
      ),
    ],
  };
};
