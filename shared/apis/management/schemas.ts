import * as v from 'valibot';
import { limitCharacters } from '../../characters.ts';
import type { StoredConnection } from '../../domain/connections/connection.ts';

/** Creates a schema like `strictObject` that reports every unknown field: valibot's stops at the first. */
export const createClosedObject = <E extends v.ObjectEntries>(entries: E) =>
  v.objectWithRest(entries, v.never()) as unknown as v.StrictObjectSchema<E, undefined>; // it differs only in the number of issues

export const managementTypes = ['ORACLE', 'SQL_SERVER', 'POSTGRESQL', 'MONGODB', 'MYSQL'] as const;
export const managementSslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** `renderManagementFailure` detects a blank text by this rule: except for names in `metadata`, no other text of a body has a `regex`. */
const notBlank = v.regex(/\S/, 'a text that is not blank');
const createTextField = (description: string) => v.pipe(v.string(), notBlank, v.description(description));

/** The message by which `renderManagementFailure` detects a nested value. */
export const NESTED_VALUE_MESSAGE = 'a text, and nothing nested';
const MetadataValue = v.pipe(
  v.string(({ input }) => (typeof input === 'object' && input !== null ? NESTED_VALUE_MESSAGE : 'a text')),
  limitCharacters(2000),
);

/** Fields that no connector has are stored in the metadata, under reserved names. */
export const reservedMetadata = { schema: 'mooring:schema', database: 'mooring:database' } as const;
export const isReservedMetadata = (name: string): boolean => name.startsWith('mooring:');

const ManagementMetadata = v.pipe(
  v.record(v.pipe(v.string(), v.regex(/^[\s\S]{1,100}$/u, 'a key of 1 to 100 characters')), MetadataValue),
  v.check((pairs) => !Object.keys(pairs).some(isReservedMetadata), 'no key that begins with mooring:'),
  v.description(
    'An object containing key-value pairs for storing additional connection-related information. Keys (max 100 characters) and values ' +
      '(max 2000 characters) must be strings. Nested objects are not allowed. ORACLE: `serviceName` is the service name if it differs ' +
      'from `databaseName`. MONGODB: `authSource` (default `admin`) is the database of the user, and the host is always ' +
      'contacted directly, as with `directConnection: "true"`.',
  ),
);

const managementCertificate = {
  ca: v.optional(
    v.pipe(
      v.string(),
      v.description('Certificate Authority (CA) certificate for server verification (PEM format).'),
    ),
  ),
  cert: v.optional(
    v.pipe(v.string(), v.description('Client certificate for SSL mutual authentication (PEM format).')),
  ),
  key: v.optional(
    v.pipe(
      v.string(),
      v.description('Private key for the client certificate (PEM format).'),
      v.metadata({ writeOnly: true }),
    ),
  ),
};

const ManagementSslMode = v.pipe(
  v.picklist(managementSslModes),
  v.description(
    'SSL connection mode. Supported values: - `disable`: No SSL connection - `require`: SSL required but no certificate verification - ' +
      '`verify-ca`: SSL with CA certificate verification - `verify-full`: SSL with full certificate verification. Without `ssl`, a ' +
      'connection is encrypted if the server supports it.',
  ),
);

const ManagementSsl = v.pipe(
  createClosedObject({ mode: ManagementSslMode, ...managementCertificate }),
  v.description('SSL configuration object containing certificate and security options.'),
);

const managementDescriptions = {
  configName:
    'Unique identifier name for this connection configuration. Must be between 3 and 100 characters. Must be unique within the organization.',
  type: 'Database engine type. Supported values: `ORACLE`, `SQL_SERVER`, `POSTGRESQL`, `MONGODB`, `MYSQL`.',
  host: 'Hostname or IP address of the database server.',
  port: 'Network port number for the database connection.',
  databaseName: 'Name of the database to connect to on the target server.',
  userName: 'Username credential for database authentication.',
  schema:
    'Database schema name (for example, `public`, `my_schema`). Useful for PostgreSQL databases with custom schemas. If omitted, `public`.',
};

const writableFields = {
  configName: v.pipe(
    v.string(),
    notBlank,
    v.trim(),
    v.minLength(3),
    limitCharacters(100),
    v.description(managementDescriptions.configName),
  ),
  type: v.pipe(v.picklist(managementTypes), v.description(managementDescriptions.type)),
  host: createTextField(managementDescriptions.host),
  port: v.pipe(
    v.number(),
    v.integer('a whole number'),
    v.minValue(1),
    v.maxValue(65_535),
    v.description(managementDescriptions.port),
  ),
  databaseName: createTextField(managementDescriptions.databaseName),
  userName: createTextField(managementDescriptions.userName),
  password: v.pipe(
    v.string(),
    v.nonEmpty('a text that is not blank'),
    v.description('Password credential for database authentication. This value is encrypted upon storage.'),
    v.metadata({ format: 'password', writeOnly: true }),
  ),
};
const ManagementSchemaName = v.pipe(
  v.string(),
  limitCharacters(255),
  v.description(managementDescriptions.schema),
);

export const ManagementCreateRequest = v.pipe(
  createClosedObject({
    ...writableFields,
    schema: v.optional(ManagementSchemaName),
    ssl: v.optional(ManagementSsl),
    metadata: v.optional(ManagementMetadata),
  }),
  v.description('Request body for creating a new database connection.'),
);
export type ManagementCreateRequest = v.InferOutput<typeof ManagementCreateRequest>;

export const ManagementUpdateRequest = v.pipe(
  createClosedObject({
    configName: v.optional(writableFields.configName),
    type: v.optional(writableFields.type),
    host: v.optional(writableFields.host),
    port: v.optional(writableFields.port),
    databaseName: v.optional(writableFields.databaseName),
    userName: v.optional(writableFields.userName),
    password: v.optional(writableFields.password),
    schema: v.optional(v.nullable(ManagementSchemaName)),
    ssl: v.optional(
      v.nullable(createClosedObject({ mode: v.optional(ManagementSslMode), ...managementCertificate })),
    ),
    metadata: v.optional(v.nullable(ManagementMetadata)),
  }),
  v.description(
    'Send the fields to update; the others stay as they are. `metadata` is replaced as a whole, `ssl` field by field. `null` removes ' +
      '`schema`, `ssl` or `metadata`. `type` cannot be changed.',
  ),
  v.metadata({ minProperties: 1 }),
);
export type ManagementUpdateRequest = v.InferOutput<typeof ManagementUpdateRequest>;

const ManagementUuid = v.pipe(v.string(), v.uuid());
const ManagementTime = v.pipe(v.string(), v.isoTimestamp());

/** The order of the properties is their order in the JSON. */
export const ManagementConnection = v.pipe(
  v.object({
    id: v.pipe(ManagementUuid, v.description('Unique identifier of the connection (UUID format).')),
    configName: v.pipe(
      v.string(),
      v.description('Unique identifier name for this connection configuration.'),
    ),
    productName: v.exactOptional(
      v.pipe(
        v.string(),
        v.description(
          'The product name associated with this connection. Left out if the connection has not been assigned to a product.',
        ),
      ),
    ),
    type: v.pipe(v.picklist(managementTypes), v.description(managementDescriptions.type)),
    host: v.pipe(v.string(), v.description(managementDescriptions.host)),
    port: v.pipe(v.number(), v.integer(), v.description(managementDescriptions.port)),
    databaseName: v.pipe(v.string(), v.description(managementDescriptions.databaseName)),
    userName: v.pipe(v.string(), v.description(managementDescriptions.userName)),
    schema: v.exactOptional(v.pipe(v.string(), v.description('Database schema name, when set.'))),
    ssl: v.exactOptional(v.object({ mode: v.picklist(managementSslModes) })),
    metadata: v.exactOptional(v.record(v.string(), v.string())),
    createdAt: v.pipe(
      ManagementTime,
      v.description('ISO 8601 timestamp indicating when the connection was created.'),
    ),
    updatedAt: v.pipe(
      ManagementTime,
      v.description('ISO 8601 timestamp indicating when the connection was last updated.'),
    ),
  }),
  v.description('Response object containing connection details.'),
);
export type ManagementConnection = v.InferOutput<typeof ManagementConnection>;

const ProductHeader = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9_-]+$/, 'letters, digits, _ and -'),
  v.maxLength(100),
  v.toLowerCase(),
  v.description(
    'The product name to associate with this connection. Must contain only alphanumeric characters, underscores, and hyphens (max 100 ' +
      'characters). The value is normalized to lowercase.',
  ),
);
const organizationHeader = {
  'x-organization-id': v.optional(
    v.pipe(
      v.string(),
      v.description('The organisation of the caller. Other organisations are not accepted.'),
    ),
  ),
};

export const managementHeaders = v.object(organizationHeader);
export const managementProductHeaders = v.object({ ...organizationHeader, 'x-product-name': ProductHeader });
export const managementFilterHeaders = v.object({
  ...organizationHeader,
  'x-product-name': v.optional(ProductHeader),
});

/** Parses the public UUID to the internal 32 hex digits. */
export const managementParams = v.object({
  id: v.pipe(
    ManagementUuid,
    v.transform((id) => id.replaceAll('-', '').toLowerCase()),
  ),
});

export const toManagementId = ({ id }: Pick<StoredConnection, 'id'>) =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
