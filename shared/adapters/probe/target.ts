import type { Connector, Target } from '../../connectors/connector.ts';
import type { ExamineOptions } from '../../connectors/examine.ts';
import { connectorOf, credentialsOf } from '../../domain/assemble.ts';
import type { Credentials, NewConnection, StoredConnection } from '../../domain/connection.ts';
import { checkShared } from '../../domain/create.ts';
import { destinationOf, mayGoTo } from '../../domain/destination.ts';
import { secretsOf } from '../../domain/given-secrets.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { tenantOf } from '../../domain/write.ts';
import { Problem } from '../../problem.ts';
import type { Destination } from '../../domain/connection.ts';
import type { Bench } from '../direct-probe.ts';

type Settings = Pick<NewConnection, 'type' | 'config' | 'options' | 'ssl' | 'role'>;

/** Everything that `examine` and `openSession` want to know. */
export interface Aim {
  readonly connector: Connector;
  readonly target: Target;
  readonly options: ExamineOptions;
}

/** Where to go and with what. From here on nothing that is logged holds one of these secrets. */
export const aimAt = (
  { policy, log }: Pick<Bench, 'policy' | 'log'>,
  { environment }: Tenant,
  { type, config, options, ssl, role }: Settings,
  { ssl_key: key, ...credentials }: Credentials,
): Aim => {
  log.hide(secretsOf({ type, credentials: { ...credentials, ...(key !== undefined && { ssl_key: key }) } }));
  const { ssl_mode: mode, connection_timeout_seconds } = options;
  const endpoint = policy.endpoints?.[type];
  return {
    connector: connectorOf(type),
    target: {
      config,
      credentials,
      options,
      role,
      ...(endpoint !== undefined && { endpoint }),
      ...(policy.endpoints && { endpoints: policy.endpoints }),
      hide: (values) => log.hide(values),
    },
    options: {
      policy,
      environment,
      tlsAsk: { mode, ca: ssl.ca ?? undefined, cert: ssl.cert ?? undefined, key },
      options: { connection_timeout_seconds },
    },
  };
};

/** The credentials of a connection, for the place that `at` describes and no other: else `credentials-locked`. */
export const credentialsFor = async (
  { vault }: Pick<Bench, 'vault'>,
  stored: StoredConnection,
  at: Pick<StoredConnection, 'type' | 'config' | 'options' | 'ssl'> = stored,
): Promise<Credentials> => {
  const connector = connectorOf(stored.type);
  const tenant = tenantOf(stored);
  const destination = destinationOf(connector, at);
  if ('arn' in stored.secret) {
    if (!mayGoTo(stored.bound, destination)) throw new Problem('credentials-locked');
    await checkShared(vault, { tenant }, stored.secret.arn, at);
    return sharedCredentials(
      connector,
      stored.auth_method,
      await vault.readShared(stored.secret.arn),
      at.ssl.cert,
    );
  }
  const document = await vault.read(stored.secret, { ...tenant, id: stored.id });
  // The vault's word counts, not the table's.
  if (!mayGoTo(document.destination as Destination, destination)) throw new Problem('credentials-locked');
  return document.credentials as Credentials; // written by `createConnection` or `changeCredentials`
};

/** Of somebody else's secret only the fields of the auth method are taken: it may hold much besides. */
export const sharedCredentials = (
  connector: Connector,
  method: string,
  value: Readonly<Record<string, unknown>>,
  cert: string | null,
): Credentials => {
  const known = Object.keys(connector.credentials[method]?.entries ?? {});
  const fields = Object.fromEntries(
    Object.entries(value).filter(([name]) => known.includes(name) || name === 'ssl_key'),
  );
  return credentialsOf(connector, { ...fields, auth_method: method }, cert !== null);
};
