import { connectorOf } from '../../domain/assemble.ts';
import { changed, checkVersion } from '../../domain/change.ts';
import type { StoredConnection } from '../../domain/connection.ts';
import { nameTaken } from '../../domain/create.ts';
import { describeDestination } from '../../domain/destination.ts';
import { fieldsOf } from '../../domain/fingerprint.ts';
import { secretsOf } from '../../domain/given-secrets.ts';
import { keys } from '../../domain/keys.ts';
import { applyPatch } from '../../domain/patch.ts';
import { checkShared } from '../../domain/send-credentials.ts';
import { findConnection, tenantOf, updateConnection } from '../../domain/write.ts';
import type { CredentialsChange } from '../../ports/probe.ts';
import { Conflict } from '../../ports/store.ts';
import type { SecretDocument, SecretRef } from '../../ports/vault.ts';
import { Problem } from '../../problem.ts';
import type { Bench } from '../direct-probe.ts';
import { mergeStored, nameSecret } from './release.ts';

/** The vault keeps every version for a day, and at most 100 versions. */
const changesPerDay = 50;

/** Merges and stages the new credentials. The write that changes the rest of the connection also brings them into force. */
export const changeCredentials = async (bench: Bench, call: CredentialsChange): Promise<StoredConnection> => {
  const { store, vault, clock, log } = bench;
  const { tenant, id, patch, version } = call;
  const now = clock();
  const actor = { tenant, actor: call.actor, request_id: call.request_id, now };
  let counted: Promise<void> | undefined;
  let staged: SecretRef | undefined;
  try {
    const done = await updateConnection(store, tenant, id, async (read) => {
      checkVersion(read, version);
      const connector = connectorOf(read.type);
      const { next, credentials: given = {} } = await applyPatch(connector, read, patch);
      if ('arn' in read.secret) return changed(actor, read, await changeNamed(bench, read, next, given));
      const merged = await mergeStored(bench.vault, read, next, given, 'to-store');
      const { credentials, bound: destination, rebound } = merged;
      log.hide(secretsOf({ type: read.type, credentials }));
      await (counted ??= countChange(bench, call, now));
      const owner = { ...tenant, id };
      const [ref, key] = await Promise.all([
        storeVersion(bench, read.secret, { layout: 1, owner, destination, credentials }),
        vault.key(tenant),
      ]);
      staged = ref;
      const { auth_method } = credentials;
      return changed(actor, read, {
        ...next,
        auth_method,
        secret: ref,
        ...(rebound && {
          bound: describeDestination(connector, { ...next, login: { auth_method } }),
        }),
        credentials_version: read.credentials_version + 1,
        fields: fieldsOf(key, id, credentials, read.fields, now),
        refusals: 0,
      });
    });
    if (staged) await promote(bench, staged);
    return done;
  } catch (error) {
    throw error instanceof Conflict ? nameTaken(error) : error;
  }
};

/**
 * Platform mode: changes the auth method, and binds the secret to the connection's destination only if the patch names the secret. A new
 * auth method alone is not the owner's consent to a new destination.
 */
const changeNamed = async (
  { vault }: Pick<Bench, 'vault'>,
  read: StoredConnection,
  next: StoredConnection,
  given: Readonly<Record<string, unknown>>,
): Promise<StoredConnection> => {
  const { arn, named, auth_method } = nameSecret(read, given);
  const change = { auth_method, credentials_version: read.credentials_version + 1 };
  if (!named) return { ...next, ...change };
  const connector = connectorOf(read.type);
  const sending = { ...next, login: { auth_method } };
  await checkShared(vault, { tenant: tenantOf(read), arn }, connector, sending);
  return { ...next, ...change, secret: { arn }, bound: describeDestination(connector, sending) };
};

/** Adds a version of the secret. A removed secret is restored first, and a lost one is created again. */
const storeVersion = async (
  { store, vault }: Bench,
  ref: SecretRef,
  document: SecretDocument,
): Promise<SecretRef> => {
  try {
    return await vault.stage(ref, document);
  } catch (error) {
    if (!isLost(error)) throw error;
  }
  // If the connection was deleted meanwhile, its secret is meant to be gone: this throws `not-found`.
  await findConnection(store, document.owner, document.owner.id);
  return vault.replace(document);
};

const isLost = (error: unknown) => error instanceof Problem && error.code === 'credentials-required';

/** The connection's item names the version already. The vault's current version may lag behind. */
const promote = async ({ vault, log }: Bench, ref: SecretRef) => {
  for (let left = 3; left > 0; left--) {
    try {
      await vault.promote(ref);
      return;
    } catch (error) {
      if (left === 1) log.error('a secret in force could not be promoted', error);
    }
  }
};

const countChange = async ({ store }: Bench, { tenant, id }: CredentialsChange, now: number) => {
  const day = Math.floor(now / 86_400_000);
  const sum = await store.count(keys.quota(tenant.org, `CRED#${id}#${day}`), (day + 2) * 86_400);
  if (sum <= changesPerDay) return;
  throw new Problem(
    'quota-exceeded',
    `The credentials of a connection may be changed ${changesPerDay} times a day`,
    {
      headers: { 'retry-after': String(Math.ceil(((day + 1) * 86_400_000 - now) / 1000)) },
    },
  );
};
