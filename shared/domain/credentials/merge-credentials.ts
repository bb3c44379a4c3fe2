import type { Connector } from '../../connectors/connector.ts';
import type { SecretDocument } from '../../ports/vault.ts';
import {
  parseCredentials,
  detectAuthMethod,
  resolveAuthMethod,
} from '../connections/parse-connection-input.ts';
import type { Credentials, Destination, StoredConnection } from '../connections/connection.ts';
import { describeDestination, describeLogin } from './destination.ts';
import { listSecretFields } from '../input/request-secrets.ts';
import { canSendCredentialsTo } from './send-credentials.ts';

type CredentialFields = Readonly<Record<string, unknown>>;

/** A set of credentials, and the destination that it was sent for. */
export interface BoundCredentials {
  readonly credentials: Credentials;
  readonly bound: Destination;
}

export interface MergedCredentials extends BoundCredentials {
  /** Whether the set is bound to a new destination: the patch contains a secret, or the set contains none. */
  readonly rebound: boolean;
}

/**
 * Reads the credentials and their destination from a vault document. Documents of earlier releases do not say how the secrets are sent, so
 * this is derived from the stored credentials.
 */
export const readBoundCredentials = (
  connector: Connector,
  { credentials, destination }: SecretDocument,
): BoundCredentials => ({
  credentials: credentials as Credentials, // written by `createConnection` or the probe's update of credentials
  bound: { ...describeLogin(connector, credentials), ...destination } as Destination,
});

/**
 * Returns the complete credentials after a patch. No old field is kept for another destination, and no old secret if it would be sent less
 * securely: otherwise a caller who does not know the secret could have it sent to another host, or without TLS. Throws
 * `credentials-required` if fields are missing then. The set is bound to the new destination only if the patch contains a secret, or if no
 * secret is left.
 */
export const mergeCredentials = (
  connector: Connector,
  old: BoundCredentials | undefined,
  patch: CredentialFields,
  next: StoredConnection,
): MergedCredentials => {
  const canSend = (credentials: Credentials) =>
    old !== undefined &&
    canSendCredentialsTo(connector, { bound: old.bound }, { ...next, login: credentials }).allowed;
  const reusable = old && canSend(old.credentials) ? old.credentials : undefined;
  const merged = reusable && mergeCredentialFields(connector, reusable, patch, next);
  const credentials =
    merged && canSend(merged)
      ? merged
      : mergeCredentialFields(connector, reusable && removeSecrets(connector, reusable), patch, next);
  const rebound = !old || hasPatchSecret(connector, patch) || !hasSecret(connector, credentials);
  const bound = rebound ? describeDestination(connector, { ...next, login: credentials }) : old.bound;
  return { credentials, bound, rebound };
};

const mergeCredentialFields = (
  connector: Connector,
  old: Credentials | undefined,
  patch: CredentialFields,
  next: StoredConnection,
): Credentials => {
  const hasCertificate = next.ssl.cert !== null;
  const { auth_method: named, ...given } = Object.fromEntries(
    Object.entries(patch).filter(([, value]) => value !== null),
  );
  const method =
    named === undefined
      ? resolveMergedMethod(connector, old, given, hasCertificate)
      : resolveAuthMethod(connector, named);
  const known = listMethodFields(connector, method);
  const kept = Object.entries(old ?? {}).filter(
    ([name]) => (known.has(name) || name === 'ssl_key') && patch[name] !== null,
  );
  return parseCredentials(
    connector,
    { ...Object.fromEntries(kept), ...given, auth_method: method },
    hasCertificate,
  );
};

/**
 * Keeps the fields that may be sent to any destination: fields that are not secret, the key of the client certificate, which is never sent,
 * and separate logins.
 */
const removeSecrets = (connector: Connector, { ...credentials }: Credentials): Credentials => {
  const secret = listSecretFields(connector);
  const kept = new Set(['ssl_key', ...(connector.separateLogins ?? [])]);
  const fields = Object.entries(credentials).filter(([name]) => kept.has(name) || !secret.has(name));
  return { ...Object.fromEntries(fields), auth_method: credentials.auth_method };
};

const hasSecret = (connector: Connector, credentials: Credentials): boolean =>
  Object.keys(credentials).some((name) => listSecretFields(connector).has(name));

/** Whether a patch of credentials contains a secret. */
const hasPatchSecret = (connector: Connector, patch: CredentialFields): boolean => {
  const secret = listSecretFields(connector);
  return Object.entries(patch).some(([name, value]) => secret.has(name) && value !== null);
};

const listMethodFields = ({ credentials }: Connector, method: string): ReadonlySet<string> =>
  new Set(Object.keys(credentials[method]?.entries ?? {}));

/** Keeps the old auth method if it has every field of the patch, else the fields of the patch decide. */
const resolveMergedMethod = (
  connector: Connector,
  old: Credentials | undefined,
  { ssl_key: _, ...given }: CredentialFields,
  hasCertificate: boolean,
): string => {
  const known = old && listMethodFields(connector, old.auth_method);
  return old && known && Object.keys(given).every((name) => known.has(name))
    ? old.auth_method
    : detectAuthMethod(connector, given, hasCertificate);
};
