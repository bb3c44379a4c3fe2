import type { Connector } from '../connectors/connector.ts';
import type { SecretDocument } from '../ports/vault.ts';
import { credentialsOf, fittingMethod, methodName } from './assemble.ts';
import type { Credentials, Destination, StoredConnection } from './connection.ts';
import { describeDestination, describeLogin } from './destination.ts';
import { secretFields } from './given-secrets.ts';
import { canSendCredentialsTo } from './send-credentials.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A set of credentials, and the destination that it was given for. */
export interface BoundCredentials {
  readonly credentials: Credentials;
  readonly bound: Destination;
}

export interface MergedCredentials extends BoundCredentials {
  /** Whether the patch binds the set anew: it brings a secret, or the set holds none. */
  readonly rebound: boolean;
}

/** What a document of the vault holds. Those of earlier releases do not say how the secrets were to be sent: as they were then. */
export const readBoundCredentials = (
  connector: Connector,
  { credentials, destination }: SecretDocument,
): BoundCredentials => ({
  credentials: credentials as Credentials, // written by `createConnection` or `changeCredentials`
  bound: { ...describeLogin(connector, credentials), ...destination } as Destination,
});

/**
 * The whole set after a patch. Nothing of the old set goes along to another destination, and no secret in a weaker way: a caller who does
 * not know it could otherwise have it sent to a host of his own, or in clear. Throws `credentials-required` where something is missing then.
 * The set is bound anew only where the patch brings a secret, or where there is none left.
 */
export const mergeCredentials = (
  connector: Connector,
  old: BoundCredentials | undefined,
  patch: Fields,
  next: StoredConnection,
): MergedCredentials => {
  const maySend = (credentials: Credentials) =>
    old !== undefined &&
    canSendCredentialsTo(connector, { bound: old.bound }, { ...next, login: credentials }).allowed;
  const stays = old && maySend(old.credentials) ? old.credentials : undefined;
  const whole = stays && mergeAll(connector, stays, patch, next);
  const credentials =
    whole && maySend(whole)
      ? whole
      : mergeAll(connector, stays && withoutSecrets(connector, stays), patch, next);
  const rebound = !old || bringsSecret(connector, patch) || !holdsSecret(connector, credentials);
  const bound = rebound ? describeDestination(connector, { ...next, login: credentials }) : old.bound;
  return { credentials, bound, rebound };
};

const mergeAll = (
  connector: Connector,
  old: Credentials | undefined,
  patch: Fields,
  next: StoredConnection,
): Credentials => {
  const hasCertificate = next.ssl.cert !== null;
  const { auth_method: named, ...given } = Object.fromEntries(
    Object.entries(patch).filter(([, value]) => value !== null),
  );
  const method =
    named === undefined ? methodAfter(connector, old, given, hasCertificate) : methodName(connector, named);
  const known = methodFields(connector, method);
  const kept = Object.entries(old ?? {}).filter(
    ([name]) => (known.has(name) || name === 'ssl_key') && patch[name] !== null,
  );
  return credentialsOf(
    connector,
    { ...Object.fromEntries(kept), ...given, auth_method: method },
    hasCertificate,
  );
};

/** What may be sent however the rest is: names, the key of the client certificate, which never leaves, and logins of their own. */
const withoutSecrets = (connector: Connector, { ...credentials }: Credentials): Credentials => {
  const secret = secretFields(connector);
  const kept = new Set(['ssl_key', ...(connector.separateLogins ?? [])]);
  const fields = Object.entries(credentials).filter(([name]) => kept.has(name) || !secret.has(name));
  return { ...Object.fromEntries(fields), auth_method: credentials.auth_method };
};

const holdsSecret = (connector: Connector, credentials: Credentials): boolean =>
  Object.keys(credentials).some((name) => secretFields(connector).has(name));

/** Whether a patch of credentials holds any secret itself. */
const bringsSecret = (connector: Connector, patch: Fields): boolean => {
  const secret = secretFields(connector);
  return Object.entries(patch).some(([name, value]) => secret.has(name) && value !== null);
};

const methodFields = ({ credentials }: Connector, method: string): ReadonlySet<string> =>
  new Set(Object.keys(credentials[method]?.entries ?? {}));

/** The old one as long as it knows every field of the patch, else what those decide. */
const methodAfter = (
  connector: Connector,
  old: Credentials | undefined,
  { ssl_key: _, ...given }: Fields,
  hasCertificate: boolean,
): string => {
  const known = old && methodFields(connector, old.auth_method);
  return old && known && Object.keys(given).every((name) => known.has(name))
    ? old.auth_method
    : fittingMethod(connector, given, hasCertificate);
};
