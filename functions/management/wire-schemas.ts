import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import type { StoredConnection } from '../../shared/domain/connection.ts';

/** Creates a schema like `strictObject` that reports every unknown field: valibot's stops at the first. */
export const closed = <E extends v.ObjectEntries>(entries: E) =>
  v.objectWithRest(entries, v.never()) as unknown as v.StrictObjectSchema<E, undefined>; // it differs only in the number of issues

export const types = ['ORACLE', 'SQL_SERVER', 'POSTGRESQL', 'MONGODB', 'MYSQL'] as const;
export const modes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** `renderManagementFailure` detects a blank text by this rule: except for names in `metadata`, no other text of a body has a `regex`. */
const notBlank = v.regex(/\S/, 'a text that is not blank');
const said = (description: string) => v.pipe(v.string(), notBlank, v.description(description));

/** The message by which `renderManagementFailure` detects a nested value. */
export const nested = 'a text, and nothing nested';
const MetadataValue = v.pipe(
  v.string(({ input }) => (typeof input === 'object' && input !== null ? nested : 'a text')),
  maxCharacters(2000),
);

/** Fields that no connector has are stored in the metadata, under reserved names. */
export const kept = { schema: 'mooring:schema', database: 'mooring:database' } as const;
export const isKept = (name: string): boolean => name.startsWith('mooring:');

const Metadata = v.pipe(
  v.record(v.pipe(v.string(), v.regex(/^[\s\S]{1,100}$/u, 'a key of 1 to 100 characters')), MetadataValue),
  v.check((pairs) => !Object.keys(pairs).some(isKept), 'no key that begins with mooring:'),
  v.description(
    'An object containing key-value pairs for storing additional connection-related information. Keys (max 100 characters) and values ' +
      '(max 2000 characters) must be strings. Nested objects are not allowed. Of an ORACLE connection `serviceName` is the service name ' +
      'where it is not the `databaseName`; of a MONGODB one `authSource` (default `admin`) is the database that knows the user, and the ' +
      'host is always dialled directly, as `directConnection: "true"` asks.',
  ),
);

const certificate = {
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

const Mode = v.pipe(
  v.picklist(modes),
  v.description(
    'SSL connection mode. Supported values: - `disable`: No SSL connection - `require`: SSL required but no certificate verification - ' +
      '`verify-ca`: SSL with CA certificate verification - `verify-full`: SSL with full certificate verification. Without `ssl`, a ' +
      'connection is encrypted where the server offers it.',
  ),
);

const Ssl = v.pipe(
  closed({ mode: Mode, ...certificate }),
  v.description('SSL configuration object containing certificate and security options.'),
);

const described = {
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

const writable = {
  configName: v.pipe(
    v.string(),
    notBlank,
    v.trim(),
    v.minLength(3),
    maxCharacters(100),
    v.description(described.configName),
  ),
  type: v.pipe(v.picklist(types), v.description(described.type)),
  host: said(described.host),
  port: v.pipe(
    v.number(),
    v.integer('a whole number'),
    v.minValue(1),
    v.maxValue(65_535),
    v.description(described.port),
  ),
  databaseName: said(described.databaseName),
  userName: said(described.userName),
  password: v.pipe(
    v.string(),
    v.nonEmpty('a text that is not blank'),
    v.description('Password credential for database authentication. This value is encrypted upon storage.'),
    v.metadata({ format: 'password', writeOnly: true }),
  ),
};
const schema = v.pipe(v.string(), maxCharacters(255), v.description(described.schema));

export const CreateConnectionRequest = v.pipe(
  closed({
    ...writable,
    schema: v.optional(schema),
    ssl: v.optional(Ssl),
    metadata: v.optional(Metadata),
  }),
  v.description('Request body for creating a new database connection.'),
);
export type CreateConnectionRequest = v.InferOutput<typeof CreateConnectionRequest>;

export const UpdateConnectionRequest = v.pipe(
  closed({
    configName: v.optional(writable.configName),
    type: v.optional(writable.type),
    host: v.optional(writable.host),
    port: v.optional(writable.port),
    databaseName: v.optional(writable.databaseName),
    userName: v.optional(writable.userName),
    password: v.optional(writable.password),
    schema: v.optional(v.nullable(schema)),
    ssl: v.optional(v.nullable(closed({ mode: v.optional(Mode), ...certificate }))),
    metadata: v.optional(v.nullable(Metadata)),
  }),
  v.description(
    'Any of the fields; the others stay. `metadata` is replaced whole, and of `ssl` what is sent; `null` takes `schema`, `ssl` or ' +
      '`metadata` away. `type` may be repeated, not changed.',
  ),
  v.metadata({ minProperties: 1 }),
);
export type UpdateConnectionRequest = v.InferOutput<typeof UpdateConnectionRequest>;

const Uuid = v.pipe(v.string(), v.uuid());
const Time = v.pipe(v.string(), v.isoTimestamp());

/** The order of the properties is their order in the JSON. */
export const ConnectionResponse = v.pipe(
  v.object({
    id: v.pipe(Uuid, v.description('Unique identifier of the connection (UUID format).')),
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
    type: v.pipe(v.picklist(types), v.description(described.type)),
    host: v.pipe(v.string(), v.description(described.host)),
    port: v.pipe(v.number(), v.integer(), v.description(described.port)),
    databaseName: v.pipe(v.string(), v.description(described.databaseName)),
    userName: v.pipe(v.string(), v.description(described.userName)),
    schema: v.exactOptional(v.pipe(v.string(), v.description('Database schema name, when set.'))),
    ssl: v.exactOptional(v.object({ mode: v.picklist(modes) })),
    metadata: v.exactOptional(v.record(v.string(), v.string())),
    createdAt: v.pipe(Time, v.description('ISO 8601 timestamp indicating when the connection was created.')),
    updatedAt: v.pipe(
      Time,
      v.description('ISO 8601 timestamp indicating when the connection was last updated.'),
    ),
  }),
  v.description('Response object containing connection details.'),
);
export type ConnectionResponse = v.InferOutput<typeof ConnectionResponse>;

const product = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9_-]+$/, 'letters, digits, _ and -'),
  v.maxLength(100),
  v.toLowerCase(),
  v.description(
    'The product name to associate with this connection. Must contain only alphanumeric characters, underscores, and hyphens (max 100 ' +
      'characters). The value is normalized to lowercase.',
  ),
);
const organization = {
  'x-organization-id': v.optional(
    v.pipe(v.string(), v.description('The organisation of the caller; another one is refused.')),
  ),
};

export const headers = v.object(organization);
export const productHeaders = v.object({ ...organization, 'x-product-name': product });
export const filterHeaders = v.object({ ...organization, 'x-product-name': v.optional(product) });

/** Parses the public UUID to the internal 32 hex digits. */
export const byId = v.object({
  id: v.pipe(
    Uuid,
    v.transform((id) => id.replaceAll('-', '').toLowerCase()),
  ),
});

export const outsideId = ({ id }: Pick<StoredConnection, 'id'>) =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
