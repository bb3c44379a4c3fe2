import { resolveConnector } from '../connections/parse-connection-input.ts';
import { prepareUpdate, checkConnectionVersion } from '../connections/update-connection.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { createNameTakenProblem } from '../connections/create-connection.ts';
import { describeDestination } from './destination.ts';
import { fingerprintFields } from './fingerprint.ts';
import { listDraftSecrets } from '../input/request-secrets.ts';
import { tableKeys } from '../table-keys.ts';
import { applyUpdate } from '../connections/apply-update.ts';
import { checkSharedSecret } from './send-credentials.ts';
import { findConnection, toTenant, updateStoredConnection } from '../connections/connection-repository.ts';
import type { CredentialsChange } from '../../ports/probe.ts';
import { Conflict } from '../../ports/store.ts';
import type { SecretDocument, SecretRef } from '../../ports/vault.ts';
import { Problem } from '../../problem.ts';
import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import { mergeStoredCredentials, resolveNamedSecret } from './release-credentials.ts';

/** The vault keeps every version for a day, and at most 100 versions. */
const MAX_CREDENTIAL_CHANGES_PER_DAY = 50;

/** Merges and stages the new credentials. The write that changes the rest of the connection also brings them into force. */
export const updateCredentials = async (
  deps: ProbeDependencies,
  call: CredentialsChange,
): Promise<StoredConnection> => {
  const { store, vault, clock, log } = deps;
  const { tenant, id, patch, version } = call;
  const now = clock();
  const actor = { tenant, actor: call.actor, request_id: call.request_id, now };
  let counted: Promise<void> | undefined;
  let staged: SecretRef | undefined;
  try {
    const updated = await updateStoredConnection(store, tenant, id, async (stored) => {
      checkConnectionVersion(stored, version);
      const connector = resolveConnector(stored.type);
      const { next, credentials: given = {} } = await applyUpdate(connector, stored, patch);
      if ('arn' in stored.secret)
        return prepareUpdate(actor, stored, await updatePlatformCredentials(deps, stored, next, given));
      const merged = await mergeStoredCredentials(deps.vault, stored, next, given, 'to-store');
      const { credentials, bound: destination, rebound } = merged;
      log.hide(listDraftSecrets({ type: stored.type, credentials }));
      await (counted ??= countCredentialChange(deps, call, now));
      const owner = { ...tenant, id };
      const [ref, key] = await Promise.all([
        stageSecretVersion(deps, stored.secret, { layout: 1, owner, destination, credentials }),
        vault.key(tenant),
      ]);
      staged = ref;
      const { auth_method } = credentials;
      return prepareUpdate(actor, stored, {
        ...next,
        auth_method,
        secret: ref,
        ...(rebound && {
          bound: describeDestination(connector, { ...next, login: { auth_method } }),
        }),
        credentials_version: stored.credentials_version + 1,
        fields: fingerprintFields(key, id, credentials, stored.fields, now),
        refusals: 0,
      });
    });
    if (staged) await promoteSecret(deps, staged);
    return updated;
  } catch (error) {
    throw error instanceof Conflict ? createNameTakenProblem(error) : error;
  }
};

/**
 * Platform mode: changes the auth method, and binds the secret to the connection's destination only if the patch names the secret. A new
 * auth method alone is not the owner's consent to a new destination.
 */
const updatePlatformCredentials = async (
  { vault }: Pick<ProbeDependencies, 'vault'>,
  stored: StoredConnection,
  next: StoredConnection,
  given: Readonly<Record<string, unknown>>,
): Promise<StoredConnection> => {
  const { arn, named, auth_method } = resolveNamedSecret(stored, given);
  const change = { auth_method, credentials_version: stored.credentials_version + 1 };
  if (!named) return { ...next, ...change };
  const connector = resolveConnector(stored.type);
  const sending = { ...next, login: { auth_method } };
  await checkSharedSecret(vault, { tenant: toTenant(stored), arn }, connector, sending);
  return { ...next, ...change, secret: { arn }, bound: describeDestination(connector, sending) };
};

/** Adds a version of the secret. A removed secret is restored first, and a lost one is created again. */
const stageSecretVersion = async (
  { store, vault }: ProbeDependencies,
  ref: SecretRef,
  document: SecretDocument,
): Promise<SecretRef> => {
  try {
    return await vault.stage(ref, document);
  } catch (error) {
    if (!isSecretMissing(error)) throw error;
  }
  // If the connection was deleted meanwhile, its secret is meant to be gone: this throws `not-found`.
  await findConnection(store, document.owner, document.owner.id);
  return vault.replace(document);
};

const isSecretMissing = (error: unknown) => error instanceof Problem && error.code === 'credentials-required';

/** The connection's item names the version already. The vault's current version may lag behind. */
const promoteSecret = async ({ vault, log }: ProbeDependencies, ref: SecretRef) => {
  for (let left = 3; left > 0; left--) {
    try {
      await vault.promote(ref);
      return;
    } catch (error) {
      if (left === 1) log.error('secret promotion failed', error);
    }
  }
};

const countCredentialChange = async (
  { store }: ProbeDependencies,
  { tenant, id }: CredentialsChange,
  now: number,
) => {
  const day = Math.floor(now / 86_400_000);
  const sum = await store.count(tableKeys.quota(tenant.org, `CRED#${id}#${day}`), (day + 2) * 86_400);
  if (sum <= MAX_CREDENTIAL_CHANGES_PER_DAY) return;
  throw new Problem(
    'quota-exceeded',
    `The credentials of a connection can be changed at most ${MAX_CREDENTIAL_CHANGES_PER_DAY} times a day`,
    {
      headers: { 'retry-after': String(Math.ceil(((day + 1) * 86_400_000 - now) / 1000)) },
    },
  );
};
