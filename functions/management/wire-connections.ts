import { ConnectionInput, ConnectionPatch, type StoredConnection } from '../../shared/domain/connection.ts';
import { parse, refusal } from '../../shared/parse.ts';
import {
  type ConnectionResponse,
  type CreateConnectionRequest,
  modes,
  outsideId,
  schemaKey,
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

/** The body of a create in the domain's words, with its rules. */
export const inputOf = (body: CreateConnectionRequest, product: string): ConnectionInput => {
  const { configName: name, type, host, port, databaseName, userName: username, password, ssl } = body;
  const { schema, metadata = {} } = body;
  const { mode = 'prefer', ...certificates } = ssl ?? {};
  return parse(ConnectionInput, {
    name,
    type: connectorOf[type],
    product,
    config: { host, port, username, ...placeOf(type, databaseName, metadata) },
    credentials: { password },
    options: { ssl_mode: mode },
    ssl: certificates,
    metadata: { ...metadata, ...(schema && { [schemaKey]: schema }) },
  });
};

/** The database, as each connector calls it, and where it knows the user. */
const placeOf = (type: Type, databaseName: string, { serviceName, authSource }: Texts) => {
  if (type === 'MONGODB') return { database: databaseName, auth_source: authSource ?? 'admin' };
  if (type !== 'ORACLE') return { database: databaseName };
  // Where both are there, the service decides; the other one is kept to be shown.
  return serviceName === undefined || serviceName === databaseName
    ? { service_name: databaseName }
    : { service_name: serviceName, sid: databaseName };
};

/** A change in the domain's words: of what it does not say nothing. */
export const patchOf = (stored: StoredConnection, body: UpdateConnectionRequest): ConnectionPatch => {
  const { configName, type, host, port, userName, password, ssl } = body;
  if (type !== undefined && connectorOf[type] !== stored.type)
    throw refusal([{ path: 'type', expected: 'the type that it has' }]);
  const config = {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(userName !== undefined && { username: userName }),
    ...placeAfter(stored, body),
  };
  const { mode, ...certificates } = ssl ?? {};
  return parse(ConnectionPatch, {
    ...(configName !== undefined && { name: configName }),
    ...(Object.keys(config).length > 0 && { config }),
    ...(password !== undefined && { credentials: { password } }),
    ...(ssl === null && { options: { ssl_mode: 'prefer' } }),
    ...(mode && { options: { ssl_mode: mode } }),
    ...(ssl !== undefined && { ssl: ssl === null ? null : certificates }),
    ...metadataAfter(stored, body),
  });
};

const placeAfter = (stored: StoredConnection, body: UpdateConnectionRequest) => {
  const type = typeOf(stored);
  const before = stored.metadata;
  const after: Texts = body.metadata === undefined ? before : (body.metadata ?? {});
  const moved = body.databaseName !== undefined;
  if (type === 'MONGODB')
    return {
      ...(moved && { database: body.databaseName }),
      ...(after['authSource'] !== before['authSource'] && { auth_source: after['authSource'] ?? 'admin' }),
    };
  if (type !== 'ORACLE') return moved && { database: body.databaseName };
  if (!moved && after['serviceName'] === before['serviceName']) return {};
  const name = body.databaseName ?? databaseOf(stored) ?? '';
  if (stored.config['service_name'] === undefined && after['serviceName'] === undefined) return { sid: name };
  return { sid: null, ...placeOf(type, name, after) };
};

const metadataAfter = (stored: StoredConnection, { metadata, schema }: UpdateConnectionRequest) => {
  if (metadata === undefined && schema === undefined) return {};
  const gone =
    metadata === undefined ? [] : Object.keys(stored.metadata).filter((name) => name !== schemaKey);
  return {
    metadata: {
      ...Object.fromEntries(gone.map((name) => [name, null])),
      ...metadata,
      ...(schema !== undefined && { [schemaKey]: schema === '' ? null : schema }),
    },
  };
};

/** The connection as this API tells it; `undefined` where it has no words for it. */
export const shown = (stored: StoredConnection): ConnectionResponse | undefined => {
  const type = typeOf(stored);
  const { host, port, username: userName } = stored.config;
  const databaseName = databaseOf(stored);
  if (type === undefined || databaseName === undefined) return undefined;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof userName !== 'string') return undefined;
  const { [schemaKey]: _, ...metadata } = stored.metadata;
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

const databaseOf = ({ type, config, metadata }: StoredConnection): string | undefined => {
  const { database, service_name: service, sid } = config;
  const name =
    type === 'oracle'
      ? metadata['serviceName'] === service
        ? (sid ?? service)
        : (service ?? sid)
      : database;
  return typeof name === 'string' ? name : undefined;
};

const schemaOf = ({ config, metadata }: StoredConnection): string | undefined => {
  const kept = metadata[schemaKey];
  if (kept !== undefined) return kept;
  const listed: unknown = config['schemas'];
  const [only]: readonly unknown[] = Array.isArray(listed) && listed.length === 1 ? listed : [];
  return typeof only === 'string' ? only : undefined;
};

/** The schema whose tables go by their names alone. */
export const defaultSchema = ({ type, schema, databaseName, userName }: ConnectionResponse): string => {
  if (type === 'MYSQL' || type === 'MONGODB') return databaseName;
  return schema ?? { ORACLE: userName.toUpperCase(), SQL_SERVER: 'dbo', POSTGRESQL: 'public' }[type];
};

/** Oracle writes in capitals what was not quoted, and clients write as they like. */
export const hasAnyCase = ({ type }: ConnectionResponse): boolean => type === 'ORACLE';

/** Whether two names are one, as the source compares them. */
export const isSame = (source: ConnectionResponse, a: string, b: string): boolean =>
  hasAnyCase(source) ? a.toUpperCase() === b.toUpperCase() : a === b;
