import type { Connector } from '../../../shared/connectors/connector.ts';
import type { ConnectorType } from '../../../shared/connectors/registry.ts';
import type { Consent } from './model.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A connection as the request would leave it. */
export interface RequestedConnection {
  readonly type: ConnectorType;
  readonly connector: Connector;
  readonly config: Fields;
  readonly mode: string;
  readonly authority: string | null;
  /** The credentials in the same request, or those in the platform secret. */
  readonly credentials: Fields;
  /** The port of the service in the deployment, if it is set there. */
  readonly deployment: number | undefined;
}

/** Returns where the secret of a field may go, and how, after this request. */
export const consentFor = (field: string, asked: RequestedConnection): Consent => ({
  ports: portsFor(field, asked),
  account: accountOf(asked),
  mode: asked.mode,
  authority: asked.authority,
  sendsItself: field !== 'sasl_password' || (asked.credentials['sasl_mechanism'] ?? 'PLAIN') === 'PLAIN',
  withoutTls: asked.mode === 'disable' || String(asked.config['security_protocol']).endsWith('PLAINTEXT'),
});

const portsFor = (field: string, asked: RequestedConnection): ReadonlySet<number> => {
  const { type, config, connector, deployment } = asked;
  const { host, port = connector.defaultPort, hosts, bootstrap_servers: brokers, endpoint } = config;
  const registry = portsIn(config['schema_registry_url']);
  if (field === 'schema_registry_password') return new Set(registry);
  const service = deployment === undefined ? [] : [deployment];
  // The keys go only to AWS, which issues passwords for them.
  if (type === 'redshift' && /^(secret_access_key|session_token)$/.test(field)) return new Set(service);
  return new Set([
    ...(type === 'redshift' ? [] : service),
    ...(host === undefined || typeof port !== 'number' ? [] : [port]),
    ...(Array.isArray(hosts) ? hosts.flatMap(portsIn) : []),
    ...portsIn(brokers),
    ...portsIn(endpoint),
    ...(field === 'ssl_key' ? registry : []),
  ]);
};

/** Finds the ports in a list of hosts or in a URL. All drawn values name a port. */
const portsIn = (text: unknown): readonly number[] =>
  typeof text === 'string' ? [...text.matchAll(/:(\d+)\b/g)].map(([, digits]) => Number(digits)) : [];

/** The account as the service spells it in its requests. */
const accountOf = ({ type, config }: RequestedConnection): string | undefined => {
  if (type === 'snowflake') return String(config['account']).toUpperCase();
  if (type === 'databricks') return String(config['http_path']).replace(/^\//, '');
  return undefined;
};
