import type { Connector } from '../../connectors/connector.ts';
import {
  resolveConnector,
  listCredentialFields,
  parseCredentials,
} from '../connections/parse-connection-input.ts';
import type { Credentials, Destination, StoredConnection } from '../connections/connection.ts';
import { checkUpdateContradictions } from '../input/contradictions.ts';
import { describeDestination, isWithinDestination } from './destination.ts';
import {
  type BoundCredentials,
  mergeCredentials,
  type MergedCredentials,
  readBoundCredentials,
} from './merge-credentials.ts';
import { type SendAllowance, checkDestination, checkSharedSecret } from './send-credentials.ts';
import type { Tenant } from '../access/tenant.ts';
import { toTenant } from '../connections/connection-repository.ts';
import { createFieldProblem } from '../../parse-input.ts';
import type { Vault } from '../../ports/vault.ts';
import { Problem } from '../../problem.ts';

type GivenCredentialFields = Readonly<Record<string, unknown>>;

export type SharedVault = Pick<Vault, 'tags' | 'readShared'>;

/** Credentials that may be sent to the target for which they were requested. */
export interface ReleasedCredentials extends Pick<SendAllowance, 'mayDial'> {
  readonly credentials: Credentials;
  /** The version of a shared secret. */
  readonly version?: string;
}

/** Reads the credentials of a connection, to be sent only to the target that `at` describes. */
export const releaseStoredCredentials = async (
  vault: Vault,
  stored: StoredConnection,
  at: StoredConnection,
): Promise<ReleasedCredentials> => {
  if ('arn' in stored.secret) {
    const shared = { tenant: toTenant(stored), arn: stored.secret.arn, bound: stored.bound };
    return releaseSharedCredentials(vault, shared, { ...at, auth_method: stored.auth_method });
  }
  const connector = resolveConnector(stored.type);
  // The destination in the vault decides, not the one in the table.
  const { credentials, bound } = await readStoredCredentials(vault, connector, stored);
  const { mayDial } = checkDestination(connector, { bound }, { ...at, login: credentials });
  return { credentials, ...(mayDial && { mayDial }) };
};

/** Reads the fields of a shared secret that the auth method uses. The secret may contain other fields. */
export const releaseSharedCredentials = async (
  vault: SharedVault,
  shared: { readonly tenant: Tenant; readonly arn: string; readonly bound?: Destination },
  at: Pick<StoredConnection, 'type' | 'config' | 'options' | 'ssl' | 'auth_method'>,
): Promise<ReleasedCredentials> => {
  const connector = resolveConnector(at.type);
  const { auth_method } = at;
  const { mayDial } = await checkSharedSecret(vault, shared, connector, { ...at, login: { auth_method } });
  const { value, version } = await vault.readShared(shared.arn);
  const known = Object.keys(connector.credentials[auth_method]?.entries ?? {});
  const fields = Object.fromEntries(
    Object.entries(value).filter(([name]) => known.includes(name) || name === 'ssl_key'),
  );
  const credentials = parseCredentials(connector, { ...fields, auth_method }, at.ssl.cert !== null);
  return { credentials, version, ...(mayDial && { mayDial }) };
};

/**
 * Merges a patch of a managed connection into a complete set of credentials. The stored set is read only if it may also be sent to the new
 * destination.
 */
export const mergeStoredCredentials = async (
  vault: Vault,
  stored: StoredConnection,
  next: StoredConnection,
  given: GivenCredentialFields,
  purpose: 'to-test' | 'to-store',
): Promise<MergedCredentials> => {
  const connector = resolveConnector(stored.type);
  const { auth_method } = stored;
  const destination = describeDestination(connector, { ...next, login: { auth_method } });
  const old = isWithinDestination(connector, stored.bound, destination)
    ? await readStoredCredentials(vault, connector, stored).catch(returnIfMissing)
    : undefined;
  try {
    // A complete new set replaces a stored one that cannot be read.
    const merged = mergeCredentials(connector, old instanceof Problem ? undefined : old, given, next);
    checkUpdateContradictions(connector, stored, { ...next, auth_method: merged.credentials.auth_method });
    return merged;
  } catch (error) {
    if (old instanceof Problem && isCredentialsMissing(error)) throw old;
    if (purpose === 'to-test' && isCredentialsMissing(error) && isStrengthChangeOnly(connector, given))
      throw new Problem('credentials-locked', undefined, { cause: error });
    throw error;
  }
};

/** Platform mode: which secret and auth method a patch selects. A patch may name another secret, but may not send credentials. */
export const resolveNamedSecret = (
  { type, secret, auth_method: before }: StoredConnection,
  given: GivenCredentialFields,
): { readonly arn: string; readonly named: boolean; readonly auth_method: string } => {
  const known = 'arn' in secret ? secret.arn : undefined;
  const { secret_arn: arn = known, auth_method: method = before, ...others } = given;
  const connector = resolveConnector(type);
  const names = listCredentialFields(connector);
  const toPath = (name: string) =>
    name === 'ssl_key' ? 'ssl.key' : `credentials.${names.has(name) ? name : '*'}`;
  const fieldErrors = Object.keys(others).map((name) => ({
    path: toPath(name),
    expected: 'no such field, because `mode` is platform',
  }));
  if (typeof arn !== 'string')
    fieldErrors.push({
      path: 'credentials.secret_arn',
      expected: 'the ARN of a secret in AWS Secrets Manager',
    });
  if (typeof method !== 'string' || !Object.hasOwn(connector.credentials, method))
    fieldErrors.push({ path: 'credentials.auth_method', expected: 'an auth method of this connector' });
  if (fieldErrors.length > 0 || typeof arn !== 'string' || typeof method !== 'string')
    throw createFieldProblem(fieldErrors);
  return { arn, named: given['secret_arn'] !== undefined, auth_method: method };
};

const readStoredCredentials = async (
  vault: Vault,
  connector: Connector,
  stored: StoredConnection,
): Promise<BoundCredentials> => {
  if ('arn' in stored.secret) throw new Problem('internal', 'Expected a secret that Mooring stores');
  const owner = { ...toTenant(stored), id: stored.id };
  return readBoundCredentials(connector, await vault.read(stored.secret, owner));
};

const returnIfMissing = (error: unknown): Problem => {
  if (error instanceof Problem && isCredentialsMissing(error)) return error;
  throw error;
};

const isCredentialsMissing = (error: unknown) =>
  error instanceof Problem && error.code === 'credentials-required';

/** Whether a patch sends no credentials and only changes how they are sent. */
const isStrengthChangeOnly = ({ strength }: Connector, given: GivenCredentialFields): boolean =>
  Object.keys(given).every((name) => Object.hasOwn(strength, name));
