import { ConnectionInput, ConnectionPatch, type StoredConnection } from '../../shared/domain/connection.ts';
import { type NameRules, namesInAnyCase } from '../../shared/connectors/names.ts';
import type { CatalogSummary } from '../../shared/domain/catalog-summary.ts';
import { readNameRules } from '../../shared/domain/derived.ts';
import { parse, refusal } from '../../shared/parse.ts';
import {
  type ConnectionResponse,
  type CreateConnectionRequest,
  isKept,
  kept,
  modes,
  outsideId,
  types,
  type UpdateConnectionRequest,
} from './wire-schemas.ts';

type Type = ConnectionResponse['type'];
type Texts = Readonly<Record<string, string>>;

const connectorOf = {
  ORACLE: 'oracle',
  SQL_SERVER: 'sqlserver',
  POSTGRESQL: 'postgresql',
  MONGODB: 'mongodb',
  MYSQL: 'mysql',
} as const satisfies Record<Type, ConnectionInput['type']>;

/** Converts the body of a create to the domain's input, and checks it with the domain's rules. */
export const inputOf = (body: CreateConnectionRequest, product: string): ConnectionInput => {
  const { configName: name, type, host, port, databaseName, userName: username, password, ssl } = body;
  const { schema, metadata = {} } = body;
  const { mode = 'prefer', ...certificates } = ssl ?? {};
  const { database, ...place } = placeOf(type, databaseName, metadata);
  return parse(ConnectionInput, {
    name,
    type: connectorOf[type],
    product,
    config: { host, port, username, ...place.config },
    credentials: { password },
    options: { ssl_mode: mode },
    ssl: certificates,
    metadata: {
      ...metadata,
      ...(schema && { [kept.schema]: schema }),
      ...(database !== undefined && { [kept.database]: database }),
    },
  });
};

interface Where {
  readonly config: Texts;
  /** The name of the database, if the config does not contain it. */
  readonly database?: string;
}

/** Converts the database to the connector's own fields, including the authentication database of MongoDB. */
const placeOf = (type: Type, databaseName: string, { serviceName, authSource }: Texts): Where => {
  if (type === 'MONGODB') return { config: { database: databaseName, auth_source: authSource ?? 'admin' } };
  if (type !== 'ORACLE') return { config: { database: databaseName } };
  return serviceName === undefined || serviceName === databaseName
    ? { config: { service_name: databaseName } }
    : { config: { service_name: serviceName }, database: databaseName };
};

/** Converts the body of an update to a patch that contains only the given fields, and checks it with the domain's rules. */
export const patchOf = (stored: StoredConnection, body: UpdateConnectionRequest): ConnectionPatch => {
  const { configName, type, host, port, userName, password, ssl } = body;
  if (type !== undefined && connectorOf[type] !== stored.type)
    throw refusal([{ path: 'type', expected: 'the type that it has' }]);
  const place = placeAfter(stored, body);
  const config = {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(userName !== undefined && { username: userName }),
    ...place?.config,
  };
  const { mode, ...certificates } = ssl ?? {};
  return parse(ConnectionPatch, {
    ...(configName !== undefined && { name: configName }),
    ...(Object.keys(config).length > 0 && { config }),
    ...(password !== undefined && { credentials: { password } }),
    ...(ssl === null && { options: { ssl_mode: 'prefer' } }),
    ...(mode && { options: { ssl_mode: mode } }),
    ...(ssl !== undefined && { ssl: ssl === null ? null : certificates }),
    ...metadataAfter(stored, body, place && { [kept.database]: place.database ?? null }),
  });
};

/** Converts a change of the database, or of the metadata that belong to it. Returns `undefined` if neither changes. */
const placeAfter = (
  stored: StoredConnection,
  { databaseName, metadata }: UpdateConnectionRequest,
): { readonly config: Readonly<Record<string, string | null>>; readonly database?: string } | undefined => {
  const type = typeOf(stored);
  const before: Texts = stored.metadata;
  const after: Texts = metadata === undefined ? before : (metadata ?? {});
  const moved = (name: string) => databaseName !== undefined || after[name] !== before[name];
  if (type === 'MONGODB' && moved('authSource')) {
    const asked = after['authSource'] !== before['authSource'];
    return {
      config: {
        ...(databaseName !== undefined && { database: databaseName }),
        ...(asked && { auth_source: after['authSource'] ?? 'admin' }),
      },
    };
  }
  if (type === 'ORACLE' && moved('serviceName')) {
    const name = databaseName ?? databaseOf(stored) ?? '';
    // A connection with a SID keeps it, unless the update sets a service name.
    if (stored.config['service_name'] === undefined && after['serviceName'] === undefined)
      return { config: { sid: name } };
    const { config, ...rest } = placeOf(type, name, after);
    return { config: { sid: null, ...config }, ...rest };
  }
  return databaseName === undefined ? undefined : { config: { database: databaseName } };
};

const metadataAfter = (
  stored: StoredConnection,
  { metadata, schema }: UpdateConnectionRequest,
  own: Readonly<Record<string, string | null>> | undefined,
) => {
  const gone = metadata === undefined ? [] : Object.keys(stored.metadata).filter((name) => !isKept(name));
  const changes = {
    ...Object.fromEntries(gone.map((name) => [name, null])),
    ...metadata,
    ...(schema !== undefined && { [kept.schema]: schema === '' ? null : schema }),
    ...own,
  };
  return Object.keys(changes).length > 0 && { metadata: changes };
};

/** Converts a connection to this API's form. Returns `undefined` if the API cannot represent it. */
export const shown = (stored: StoredConnection): ConnectionResponse | undefined => {
  const type = typeOf(stored);
  const { host, port, username: userName } = stored.config;
  const databaseName = databaseOf(stored);
  if (type === undefined || databaseName === undefined) return undefined;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof userName !== 'string') return undefined;
  const metadata = Object.fromEntries(Object.entries(stored.metadata).filter(([name]) => !isKept(name)));
  const schema = schemaOf(stored);
  const mode = modes.find((one) => one === stored.options.ssl_mode);
  return {
    id: outsideId(stored),
    configName: stored.name,
    ...(stored.product !== null && { productName: stored.product }),
    type,
    host,
    port,
    databaseName,
    userName,
    ...(schema !== undefined && { schema }),
    ...(mode && { ssl: { mode } }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
  };
};

const typeOf = ({ type }: StoredConnection): Type | undefined =>
  types.find((one) => connectorOf[one] === type);

const databaseOf = ({ config, metadata }: StoredConnection): string | undefined => {
  const { database, service_name: service, sid } = config;
  const own =
    service !== undefined && metadata['serviceName'] === service ? metadata[kept.database] : undefined;
  const name = own ?? database ?? service ?? sid;
  return typeof name === 'string' ? name : undefined;
};

const schemaOf = ({ config, metadata }: StoredConnection): string | undefined => {
  const own = metadata[kept.schema];
  if (own !== undefined) return own;
  const listed: unknown = config['schemas'];
  const [only]: readonly unknown[] = Array.isArray(listed) && listed.length === 1 ? listed : [];
  return typeof only === 'string' ? only : undefined;
};

/** Returns the schema whose tables are named without it. */
export const defaultSchema = ({ type, schema, databaseName, userName }: ConnectionResponse): string => {
  if (type === 'MYSQL' || type === 'MONGODB') return databaseName;
  return schema ?? { ORACLE: userName.toUpperCase(), SQL_SERVER: 'dbo', POSTGRESQL: 'public' }[type];
};

/** Names compare as in the source. In Oracle they compare without case, because Oracle stores unquoted names in capitals. */
export const nameRulesFor = (stored: StoredConnection, catalog: CatalogSummary): NameRules =>
  stored.type === 'oracle' ? namesInAnyCase : readNameRules(stored, catalog);
