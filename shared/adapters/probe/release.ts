import type { Connector } from '../../connectors/connector.ts';
import { connectorOf, credentialFields, credentialsOf } from '../../domain/assemble.ts';
import type { Credentials, Destination, StoredConnection } from '../../domain/connection.ts';
import { checkChange } from '../../domain/contradictions.ts';
import { describeDestination, isWithin } from '../../domain/destination.ts';
import {
  type BoundCredentials,
  mergeCredentials,
  type MergedCredentials,
  readBoundCredentials,
} from '../../domain/merge-credentials.ts';
import { type Allowance, checkDestination, checkShared } from '../../domain/send-credentials.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { tenantOf } from '../../domain/write.ts';
import { refusal } from '../../parse.ts';
import type { Vault } from '../../ports/vault.ts';
import { Problem } from '../../problem.ts';

type Fields = Readonly<Record<string, unknown>>;

export type SharedVault = Pick<Vault, 'tags' | 'readShared'>;

/** Credentials that may be sent to the target for which they were requested. */
export interface Released extends Pick<Allowance, 'mayDial'> {
  readonly credentials: Credentials;
}

/** Reads the credentials of a connection, to be sent only to the target that `at` describes. */
export const releaseStored = async (
  vault: Vault,
  stored: StoredConnection,
  at: StoredConnection,
): Promise<Released> => {
  if ('arn' in stored.secret) {
    const shared = { tenant: tenantOf(stored), arn: stored.secret.arn, bound: stored.bound };
    return releaseShared(vault, shared, { ...at, auth_method: stored.auth_method });
  }
  const connector = connectorOf(stored.type);
  // The destination in the vault decides, not the one in the table.
  const { credentials, bound } = await readStored(vault, connector, stored);
  const { mayDial } = checkDestination(connector, { bound }, { ...at, login: credentials });
  return { credentials, ...(mayDial && { mayDial }) };
};

/** Reads the fields of a shared secret that the auth method uses. The secret may contain other fields. */
export const releaseShared = async (
  vault: SharedVault,
  shared: { readonly tenant: Tenant; readonly arn: string; readonly bound?: Destination },
  at: Pick<StoredConnection, 'type' | 'config' | 'options' | 'ssl' | 'auth_method'>,
): Promise<Released> => {
  const connector = connectorOf(at.type);
  const { auth_method } = at;
  const { mayDial } = await checkShared(vault, shared, connector, { ...at, login: { auth_method } });
  const value = await vault.readShared(shared.arn);
  const known = Object.keys(connector.credentials[auth_method]?.entries ?? {});
  const fields = Object.fromEntries(
    Object.entries(value).filter(([name]) => known.includes(name) || name === 'ssl_key'),
  );
  const credentials = credentialsOf(connector, { ...fields, auth_method }, at.ssl.cert !== null);
  return { credentials, ...(mayDial && { mayDial }) };
};

/**
 * Merges a patch of a managed connection into a complete set of credentials. The stored set is read only if it may also be sent to the new
 * destination.
 */
export const mergeStored = async (
  vault: Vault,
  read: StoredConnection,
  next: StoredConnection,
  given: Fields,
  purpose: 'to-test' | 'to-store',
): Promise<MergedCredentials> => {
  const connector = connectorOf(read.type);
  const { auth_method } = read;
  const now = describeDestination(connector, { ...next, login: { auth_method } });
  const old = isWithin(connector, read.bound, now)
    ? await readStored(vault, connector, read).catch(asMissing)
    : undefined;
  try {
    // A complete new set replaces a stored one that cannot be read.
    const merged = mergeCredentials(connector, old instanceof Problem ? undefined : old, given, next);
    checkChange(connector, read, { ...next, auth_method: merged.credentials.auth_method });
    return merged;
  } catch (error) {
    if (old instanceof Problem && isMissing(error)) throw old;
    if (purpose === 'to-test' && isMissing(error) && saysOnlyHow(connector, given))
      throw new Problem('credentials-locked', undefined, { cause: error });
    throw error;
  }
};

/** Platform mode: which secret and auth method a patch selects. A patch may name another secret, but may not send credentials. */
export const nameSecret = (
  { type, secret, auth_method: before }: StoredConnection,
  given: Fields,
): { readonly arn: string; readonly named: boolean; readonly auth_method: string } => {
  const known = 'arn' in secret ? secret.arn : undefined;
  const { secret_arn: arn = known, auth_method: method = before, ...others } = given;
  const connector = connectorOf(type);
  const names = credentialFields(connector);
  const tellPath = (name: string) =>
    name === 'ssl_key' ? 'ssl.key' : `credentials.${names.has(name) ? name : '*'}`;
  const wrong = Object.keys(others).map((name) => ({
    path: tellPath(name),
    expected: 'no such field in mode platform',
  }));
  if (typeof arn !== 'string')
    wrong.push({ path: 'credentials.secret_arn', expected: 'the ARN of a secret' });
  if (typeof method !== 'string' || !Object.hasOwn(connector.credentials, method))
    wrong.push({ path: 'credentials.auth_method', expected: 'an auth method of this connector' });
  if (wrong.length > 0 || typeof arn !== 'string' || typeof method !== 'string') throw refusal(wrong);
  return { arn, named: given['secret_arn'] !== undefined, auth_method: method };
};

const readStored = async (
  vault: Vault,
  connector: Connector,
  stored: StoredConnection,
): Promise<BoundCredentials> => {
  if ('arn' in stored.secret) throw new Problem('internal', 'Expected a secret of ours');
  const owner = { ...tenantOf(stored), id: stored.id };
  return readBoundCredentials(connector, await vault.read(stored.secret, owner));
};

const asMissing = (error: unknown): Problem => {
  if (error instanceof Problem && isMissing(error)) return error;
  throw error;
};

const isMissing = (error: unknown) => error instanceof Problem && error.code === 'credentials-required';

/** Whether a patch sends no credentials and only changes how they are sent. */
const saysOnlyHow = ({ strength }: Connector, given: Fields): boolean =>
  Object.keys(given).every((name) => Object.hasOwn(strength, name));
