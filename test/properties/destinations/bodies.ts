import type { Connector } from '../../../shared/connectors/connector.ts';
import type { ConnectorType } from '../../../shared/connectors/registry.ts';
import type { ApiName, Settings } from './scenario.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The content of a request, with its tokens resolved. */
export interface RequestContent {
  readonly type: ConnectorType;
  readonly connector: Connector;
  readonly name: string;
  readonly mode: 'managed' | 'platform';
  readonly config: Fields;
  readonly credentials: Fields;
  readonly sslMode: string | null | undefined;
  readonly authority: string | null | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  readonly written: Settings['written'];
  /**
   * The config before the change. A URL always names the whole destination, although a change may concern
   * only a part.
   */
  readonly before: Fields;
}

/** Builds the body of a create, an update or a test for our own API. */
export const ownBody = (said: RequestContent): Fields => {
  const { config, credentials, sslMode, authority, certificate, written } = said;
  const url = written === 'as a URL' ? urlOf(said) : undefined;
  const { password, ...others } = credentials;
  const rest = url !== undefined && typeof password === 'string' ? others : credentials;
  const shown = url === undefined ? config : without(config, ['host', 'port', 'username', 'database']);
  const inConfig = written === 'in config';
  return {
    ...(Object.keys(shown).length > 0 || inConfig ? { config: { ...shown, ...(inConfig && rest) } } : {}),
    ...(!inConfig && Object.keys(rest).length > 0 && { credentials: rest }),
    ...(url !== undefined && { connection_string: url }),
    ...(sslMode !== undefined && { options: { ssl_mode: sslMode, connection_timeout_seconds: 1 } }),
    ...((authority !== undefined || certificate) && {
      ssl: { ...(authority !== undefined && { ca: authority }), ...certificate },
    }),
  };
};

/** Builds a URL with the connector's first scheme, if the connection has a host, a port and a user. */
const urlOf = ({ connector, config, credentials, before }: RequestContent): string | undefined => {
  const [scheme] = connector.connectionString?.schemes ?? [];
  const { host, port, username, database } = { ...before, ...config };
  if (scheme === undefined || typeof host !== 'string' || typeof port !== 'number') return undefined;
  if (typeof username !== 'string' || typeof database !== 'string') return undefined;
  const password = typeof credentials['password'] === 'string' ? `:${credentials['password']}` : '';
  return `${scheme}://${username}${password}@${host}:${port}/${database}`;
};

/** Returns the drawn config together with the old destination that a URL repeats. */
export const configSaid = (said: RequestContent): Fields => {
  const { before, config, written } = said;
  if (written !== 'as a URL' || urlOf(said) === undefined) return config;
  const { host, port, username, database } = before;
  return { host, port, username, database, ...config };
};

/** Builds the single object of the other APIs, with config and credentials side by side. */
export const flatBody = ({
  config,
  credentials,
  sslMode,
  authority,
  certificate,
}: RequestContent): Fields => ({
  ...config,
  ...credentials,
  ...(typeof sslMode === 'string' && { ssl_mode: sslMode }),
  ...(authority != null && { ssl_ca: authority }),
  ...(certificate && { ssl_cert: certificate.cert, ssl_key: certificate.key }),
});

const managed: Readonly<Partial<Record<ConnectorType, string>>> = {
  oracle: 'ORACLE',
  sqlserver: 'SQL_SERVER',
  postgresql: 'POSTGRESQL',
  mongodb: 'MONGODB',
  mysql: 'MYSQL',
};

/** Builds a body for the management API, or `undefined` if that API cannot express it. */
export const managementBody = (said: RequestContent, change: boolean): Fields | undefined => {
  const { type, name, config, credentials, sslMode, authority, certificate } = said;
  if (managed[type] === undefined || said.mode === 'platform') return undefined;
  const database = config['database'] ?? config['service_name'];
  const ssl = {
    ...(typeof sslMode === 'string' && { mode: sslMode }),
    ...(typeof authority === 'string' && { ca: authority }),
    ...certificate,
  };
  const withSsl = change ? Object.keys(ssl).length > 0 : 'mode' in ssl && ssl.mode !== 'prefer';
  return {
    ...(!change && { configName: name, type: managed[type] }),
    ...(config['host'] != null && { host: config['host'] }),
    ...(config['port'] != null && { port: config['port'] }),
    ...(config['username'] != null && { userName: config['username'] }),
    ...(database != null && { databaseName: database }),
    ...(credentials['password'] !== undefined && { password: credentials['password'] }),
    ...(withSsl && { ssl: ssl.mode === 'prefer' ? null : ssl }),
  };
};

/**
 * Builds the path and body of a create. Our own API is used if the chosen API cannot express the connection.
 */
export const createRequest = (api: ApiName, said: RequestContent, extra: Fields) => {
  const { type, name, mode } = said;
  if (api === 'providers')
    return { path: `/v1/providers/${type}/connections`, body: { name, mode, credentials: flatBody(said) } };
  if (api === 'profiles' && mode === 'managed')
    return { path: '/api/v1/connection_profiles', body: { name, connector: type, config: flatBody(said) } };
  const management = api === 'management' ? managementBody(said, false) : undefined;
  if (management) return { path: '/v1/management/connections', body: management };
  const url =
    api === 'registrations' && type === 'postgresql' && mode === 'managed' ? urlOf(said) : undefined;
  if (url !== undefined)
    return {
      path: '/api/v1/connections',
      body: { name, db_type: 'supabase', connection_string: `${url}?sslmode=${said.sslMode ?? 'prefer'}` },
    };
  return { path: '/v1/connections', body: { name, type, mode, ...extra, ...ownBody(said) } };
};

/** The ssl_mode that applies if a create does not set one. */
export const defaultMode = (path: string, flavor: string | undefined): string =>
  path.startsWith('/v1/connections') && flavor !== 'local' ? 'verify-full' : 'prefer';

const without = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
