import type { Connector } from '../../../shared/connectors/connector.ts';
import type { ConnectorType } from '../../../shared/connectors/registry.ts';
import type { Consent } from './model.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A connection as a request leaves it. */
export interface Asked {
  readonly type: ConnectorType;
  readonly connector: Connector;
  readonly config: Fields;
  readonly mode: string;
  readonly authority: string | null;
  /** What the same request said of the credentials, or what a platform secret holds of them. */
  readonly credentials: Fields;
  /** Where the deployment has the service, if it says. */
  readonly deployment: number | undefined;
}

/** Where the secret of one field goes, and how, when a connection is asked for like this. */
export const consentFor = (field: string, asked: Asked): Consent => ({
  ports: portsFor(field, asked),
  account: accountOf(asked),
  mode: asked.mode,
  authority: asked.authority,
  sendsItself: field !== 'sasl_password' || (asked.credentials['sasl_mechanism'] ?? 'PLAIN') === 'PLAIN',
  withoutTls: asked.mode === 'disable' || String(asked.config['security_protocol']).endsWith('PLAINTEXT'),
});

const portsFor = (field: string, asked: Asked): ReadonlySet<number> => {
  const { type, config, connector, deployment } = asked;
  const { host, port = connector.defaultPort, hosts, bootstrap_servers: brokers, endpoint } = config;
  const registry = portsIn(config['schema_registry_url']);
  if (field === 'schema_registry_password') return new Set(registry);
  const service = deployment === undefined ? [] : [deployment];
  // AWS hands out passwords for the keys; the keys themselves go nowhere else.
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

/** The ports in a list of places or a URL; all that are drawn name theirs. */
const portsIn = (text: unknown): readonly number[] =>
  typeof text === 'string' ? [...text.matchAll(/:(\d+)\b/g)].map(([, digits]) => Number(digits)) : [];

/** As the services have them in their requests. */
const accountOf = ({ type, config }: Asked): string | undefined => {
  if (type === 'snowflake') return String(config['account']).toUpperCase();
  if (type === 'databricks') return String(config['http_path']).replace(/^\//, '');
  return undefined;
};
