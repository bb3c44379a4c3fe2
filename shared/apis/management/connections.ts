import {
  ConnectionInput,
  ConnectionPatch,
  type StoredConnection,
} from '../../domain/connections/connection.ts';
import { type NameRules, namesInAnyCase } from '../../connectors/name-rules.ts';
import type { CatalogSummary } from '../../domain/catalog/catalog-summary.ts';
import { resolveNameRules } from '../../domain/connections/derived-data.ts';
import { parseInput, createFieldProblem } from '../../parse-input.ts';
import {
  type ManagementConnection,
  type ManagementCreateRequest,
  isReservedMetadata,
  reservedMetadata,
  managementSslModes,
  toManagementId,
  managementTypes,
  type ManagementUpdateRequest,
} from './schemas.ts';

type ManagementType = ManagementConnection['type'];
type ManagementStrings = Readonly<Record<string, string>>;

const managementConnectorTypes = {
  ORACLE: 'oracle',
  SQL_SERVER: 'sqlserver',
  POSTGRESQL: 'postgresql',
  MONGODB: 'mongodb',
  MYSQL: 'mysql',
} as const satisfies Record<ManagementType, ConnectionInput['type']>;

/** Converts the body of a create to the domain's input, and checks it with the domain's rules. */
export const parseManagementInput = (body: ManagementCreateRequest, product: string): ConnectionInput => {
  const { configName: name, type, host, port, databaseName, userName: username, password, ssl } = body;
  const { schema, metadata = {} } = body;
  const { mode = 'prefer', ...certificates } = ssl ?? {};
  const { database, ...fields } = toDatabaseFields(type, databaseName, metadata);
  return parseInput(ConnectionInput, {
    name,
    type: managementConnectorTypes[type],
    product,
    config: { host, port, username, ...fields.config },
    credentials: { password },
    options: { ssl_mode: mode },
    ssl: certificates,
    metadata: {
      ...metadata,
      ...(schema && { [reservedMetadata.schema]: schema }),
      ...(database !== undefined && { [reservedMetadata.database]: database }),
    },
  });
};

interface DatabaseFields {
  readonly config: ManagementStrings;
  /** The name of the database, if the config does not contain it. */
  readonly database?: string;
}

/** Converts the database to the connector's own fields, including the authentication database of MongoDB. */
const toDatabaseFields = (
  type: ManagementType,
  databaseName: string,
  { serviceName, authSource }: ManagementStrings,
): DatabaseFields => {
  if (type === 'MONGODB') return { config: { database: databaseName, auth_source: authSource ?? 'admin' } };
  if (type !== 'ORACLE') return { config: { database: databaseName } };
  return serviceName === undefined || serviceName === databaseName
    ? { config: { service_name: databaseName } }
    : { config: { service_name: serviceName }, database: databaseName };
};

/** Converts the body of an update to a patch that contains only the given fields, and checks it with the domain's rules. */
export const parseManagementPatch = (
  stored: StoredConnection,
  body: ManagementUpdateRequest,
): ConnectionPatch => {
  const { configName, type, host, port, userName, password, ssl } = body;
  if (type !== undefined && managementConnectorTypes[type] !== stored.type)
    throw createFieldProblem([{ path: 'type', expected: 'the type that it has' }]);
  const databaseChange = toDatabaseChange(stored, body);
  const config = {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(userName !== undefined && { username: userName }),
    ...databaseChange?.config,
  };
  const { mode, ...certificates } = ssl ?? {};
  return parseInput(ConnectionPatch, {
    ...(configName !== undefined && { name: configName }),
    ...(Object.keys(config).length > 0 && { config }),
    ...(password !== undefined && { credentials: { password } }),
    ...(ssl === null && { options: { ssl_mode: 'prefer' } }),
    ...(mode && { options: { ssl_mode: mode } }),
    ...(ssl !== undefined && { ssl: ssl === null ? null : certificates }),
    ...toMetadataChange(
      stored,
      body,
      databaseChange && { [reservedMetadata.database]: databaseChange.database ?? null },
    ),
  });
};

/** Converts a change of the database, or of the metadata that belong to it. Returns `undefined` if neither changes. */
const toDatabaseChange = (
  stored: StoredConnection,
  { databaseName, metadata }: ManagementUpdateRequest,
): { readonly config: Readonly<Record<string, string | null>>; readonly database?: string } | undefined => {
  const type = findManagementType(stored);
  const before: ManagementStrings = stored.metadata;
  const after: ManagementStrings = metadata === undefined ? before : (metadata ?? {});
  const isMoved = (name: string) => databaseName !== undefined || after[name] !== before[name];
  if (type === 'MONGODB' && isMoved('authSource')) {
    const isAuthSourceChanged = after['authSource'] !== before['authSource'];
    return {
      config: {
        ...(databaseName !== undefined && { database: databaseName }),
        ...(isAuthSourceChanged && { auth_source: after['authSource'] ?? 'admin' }),
      },
    };
  }
  if (type === 'ORACLE' && isMoved('serviceName')) {
    const name = databaseName ?? findDatabaseName(stored) ?? '';
    // A connection with a SID keeps it, unless the update sets a service name.
    if (stored.config['service_name'] === undefined && after['serviceName'] === undefined)
      return { config: { sid: name } };
    const { config, ...rest } = toDatabaseFields(type, name, after);
    return { config: { sid: null, ...config }, ...rest };
  }
  return databaseName === undefined ? undefined : { config: { database: databaseName } };
};

const toMetadataChange = (
  stored: StoredConnection,
  { metadata, schema }: ManagementUpdateRequest,
  databaseMetadata: Readonly<Record<string, string | null>> | undefined,
) => {
  const removedNames =
    metadata === undefined ? [] : Object.keys(stored.metadata).filter((name) => !isReservedMetadata(name));
  const changes = {
    ...Object.fromEntries(removedNames.map((name) => [name, null])),
    ...metadata,
    ...(schema !== undefined && { [reservedMetadata.schema]: schema === '' ? null : schema }),
    ...databaseMetadata,
  };
  return Object.keys(changes).length > 0 && { metadata: changes };
};

/** Converts a connection to this API's form. Returns `undefined` if the API cannot represent it. */
export const toManagementConnection = (stored: StoredConnection): ManagementConnection | undefined => {
  const type = findManagementType(stored);
  const { host, port, username: userName } = stored.config;
  const databaseName = findDatabaseName(stored);
  if (type === undefined || databaseName === undefined) return undefined;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof userName !== 'string') return undefined;
  const metadata = Object.fromEntries(
    Object.entries(stored.metadata).filter(([name]) => !isReservedMetadata(name)),
  );
  const schema = findSchemaName(stored);
  const mode = managementSslModes.find((one) => one === stored.options.ssl_mode);
  return {
    id: toManagementId(stored),
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

const findManagementType = ({ type }: StoredConnection): ManagementType | undefined =>
  managementTypes.find((one) => managementConnectorTypes[one] === type);

const findDatabaseName = ({ config, metadata }: StoredConnection): string | undefined => {
  const { database, service_name: service, sid } = config;
  const own =
    service !== undefined && metadata['serviceName'] === service
      ? metadata[reservedMetadata.database]
      : undefined;
  const name = own ?? database ?? service ?? sid;
  return typeof name === 'string' ? name : undefined;
};

const findSchemaName = ({ config, metadata }: StoredConnection): string | undefined => {
  const own = metadata[reservedMetadata.schema];
  if (own !== undefined) return own;
  const listed: unknown = config['schemas'];
  const [only]: readonly unknown[] = Array.isArray(listed) && listed.length === 1 ? listed : [];
  return typeof only === 'string' ? only : undefined;
};

/** Returns the schema whose tables are named without it. */
export const resolveDefaultSchema = ({
  type,
  schema,
  databaseName,
  userName,
}: ManagementConnection): string => {
  if (type === 'MYSQL' || type === 'MONGODB') return databaseName;
  return schema ?? { ORACLE: userName.toUpperCase(), SQL_SERVER: 'dbo', POSTGRESQL: 'public' }[type];
};

/** Names compare as in the source. In Oracle they compare without case, because Oracle stores unquoted names in capitals. */
export const resolveManagementNameRules = (stored: StoredConnection, catalog: CatalogSummary): NameRules =>
  stored.type === 'oracle' ? namesInAnyCase : resolveNameRules(stored, catalog);
