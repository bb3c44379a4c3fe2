import { Problem } from '../../problem.ts';
import { Conflict, type StoreChange, type Store } from '../../ports/store.ts';
import type { SecretDocument, SecretRef, WriteVault } from '../../ports/vault.ts';
import { resolveConnector } from './parse-connection-input.ts';
import { buildAuditPut, type Actor } from '../access/audit.ts';
import type { NewConnection, StoredConnection } from './connection.ts';
import { describeDestination } from '../credentials/destination.ts';
import { hashRequestBody, fingerprintFields } from '../credentials/fingerprint.ts';
import { createId } from '../id.ts';
import { tableKeys } from '../table-keys.ts';
import { checkSharedSecret } from '../credentials/send-credentials.ts';
import { readConnection } from './stored-connection.ts';
import { buildSlotChanges } from '../schedule/slots.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';
import type { TestResult } from '../testing/test-result.ts';
import { toConnectionItem } from './connection-repository.ts';
import { buildTriggerIndexChanges } from '../triggers/trigger-index.ts';

interface CreateInput {
  readonly draft: NewConnection;
  /** Whether to queue a test after the create. */
  readonly test: boolean;
  /** A test that must pass before anything is saved. */
  readonly verify?: (() => Promise<TestResult>) | undefined;
  /** The idempotency key, and the body that was sent with it. */
  readonly idempotency?: Idempotency | undefined;
}

export interface Idempotency {
  readonly key: string;
  readonly body: string;
}

interface CreateDependencies {
  readonly store: Store;
  readonly vault: WriteVault;
}

/**
 * Stores the credentials first, so that a connection never names a secret that does not exist. Removes them if the write of the connection
 * fails.
 */
export const createConnection = async (
  dependencies: CreateDependencies,
  actor: Actor,
  input: CreateInput,
): Promise<StoredConnection> => {
  const { tenant, now } = actor;
  const { draft, idempotency } = input;
  if (idempotency) {
    const first = await findFirstAnswer(dependencies, actor, idempotency);
    if (first) return first;
  }
  const tested = await input.verify?.();
  const id = createId(now);
  const { credentials, secret_arn: arn, ...shown } = draft;
  const connector = resolveConnector(draft.type);
  const { auth_method } = credentials;
  // The table must not contain more about the credentials than callers may see.
  const bound = describeDestination(connector, { ...draft, login: { auth_method } });
  const owner = { ...tenant, id };
  const destination = describeDestination(connector, { ...draft, login: credentials });
  if (arn)
    await checkSharedSecret(dependencies.vault, { tenant, arn }, connector, {
      ...draft,
      login: { auth_method },
    });
  const { ref, key } = await storeSecret(
    dependencies.vault,
    arn ? undefined : { layout: 1, owner, destination, credentials },
    tenant,
  );
  const time = new Date(now).toISOString();
  const connection: StoredConnection = {
    ...shown,
    id,
    org_id: tenant.org,
    environment_id: tenant.environment,
    auth_method,
    secret: ref ?? { arn: arn ?? '' },
    bound,
    credentials_version: 1,
    fields: arn ? {} : fingerprintFields(key, id, credentials, {}, now),
    ...toInitialStatus(input, tested),
    refusals: 0,
    refusals_of: null,
    refusals_version: null,
    paused_since: null,
    decided_status: tested ? 'connected' : null,
    decided_at: tested ? time : null,
    tested_by: tested ? 'create' : null,
    awaits_test: input.test ? 1 : null,
    catalog: null,
    previous_catalog: null,
    last_introspection: null,
    usages: {},
    used_at: null,
    deleted_at: null,
    version: 1,
    revision: 1,
    cause: 'created',
    created_at: time,
    updated_at: time,
  };
  const changes: StoreChange[] = [
    { put: toConnectionItem(tableKeys.connection(tenant, id), connection), if: 'absent' },
    {
      put: { ...tableKeys.name(tenant, draft.name), layout: resolveCurrentLayout('name'), connection: id },
      if: 'absent',
    },
    buildAuditPut(actor, id, 'created'),
    ...buildTriggerIndexChanges(undefined, connection),
    ...buildSlotChanges({ tenant, id }, undefined, draft.options.test_interval_minutes),
  ];
  if (idempotency) {
    // This write comes first: of two concurrent requests, the second must fail on the idempotency key and not on the name.
    changes.unshift({
      put: {
        ...tableKeys.idempotency(tenant, idempotency.key),
        layout: resolveCurrentLayout('idempotency'),
        hash: hashRequestBody(key, idempotency.body),
        answer: connection,
        expires: Math.floor(now / 1000) + 86_400,
      },
      if: 'absent',
    });
  }
  return commitCreate(dependencies, actor, input, connection, ref, changes);
};

/** Stores the secret and derives the tenant's key in parallel. Removes the secret again if the key cannot be derived. */
const storeSecret = async (vault: WriteVault, document: SecretDocument | undefined, tenant: Tenant) => {
  const [stored, derived] = await Promise.allSettled([document && vault.create(document), vault.key(tenant)]);
  if (stored.status === 'rejected') throw stored.reason;
  if (derived.status === 'fulfilled') return { ref: stored.value, key: derived.value };
  if (stored.value) await vault.remove(stored.value, 0);
  throw derived.reason;
};

/** Writes the connection, and removes its secret if nothing was written. */
const commitCreate = async (
  dependencies: CreateDependencies,
  actor: Actor,
  { idempotency }: CreateInput,
  connection: StoredConnection,
  ref: SecretRef | undefined,
  changes: readonly StoreChange[],
): Promise<StoredConnection> => {
  try {
    await dependencies.store.write(changes);
    return connection;
  } catch (error) {
    // A write may have succeeded although its response was lost, so look in the store.
    if (
      !(error instanceof Conflict) &&
      (await dependencies.store.get(tableKeys.connection(actor.tenant, connection.id)))
    )
      return connection;
    // Only a conflict proves that nothing was written. After any other failure the write may still arrive, so keep the secret for 30 days.
    if (ref) await dependencies.vault.remove(ref, error instanceof Conflict ? 0 : 30);
    if (!(error instanceof Conflict)) throw error;
    const first =
      idempotency && error.change === 0 && (await findFirstAnswer(dependencies, actor, idempotency));
    if (first) return first;
    throw createNameTakenProblem(error);
  }
};

export const createNameTakenProblem = (cause: unknown) =>
  new Problem('name-taken', 'Another connection already has this name', { cause });

/** Returns the response to the first request with this key. Throws `idempotency-key-reused` if that request had another body. */
const findFirstAnswer = async (
  { store, vault }: CreateDependencies,
  { tenant }: Actor,
  { key, body }: Idempotency,
): Promise<StoredConnection | undefined> => {
  const found = await store.get(tableKeys.idempotency(tenant, key));
  if (!found) return undefined;
  const item = upgradeItem('idempotency', found);
  if (item['hash'] !== hashRequestBody(await vault.key(tenant), body))
    throw new Problem(
      'idempotency-key-reused',
      'Idempotency-Key: expected a new key, or the same body as before',
    );
  return readConnection(item['answer'] as never); // written by `createConnection`
};

const toInitialStatus = (
  { test }: CreateInput,
  tested: TestResult | undefined,
): Pick<StoredConnection, 'status' | 'status_reason' | 'last_test'> => {
  const untested = test ? 'testing' : 'pending';
  return { status: tested ? 'connected' : untested, status_reason: null, last_test: tested ?? null };
};
