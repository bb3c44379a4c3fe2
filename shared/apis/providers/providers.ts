import * as v from 'valibot';
import { ConnectionInput, connectorTypes } from '../../domain/connections/connection-input.ts';
import type { StoredConnection } from '../../domain/connections/connection.ts';
import { toPublicId } from '../../domain/id.ts';
import type { WireFormat } from '../../http/wire-format.ts';
import { parseInput } from '../../parse-input.ts';
import { publishedTexts } from '../published-texts.ts';
import { splitProviderCredentials } from './credentials.ts';

const createProviderText = (description: string) => v.pipe(v.string(), v.description(description));

/** Each connector is a provider. */
export const providerParams = v.object({
  provider: v.pipe(
    v.picklist(connectorTypes),
    v.description('Database provider: a `type` of GET /v1/connectors'),
  ),
});

export const ProviderConnectionInput = v.strictObject({
  name: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(100),
    v.description('Connection name (1-100 chars)'),
  ),
  mode: v.pipe(v.picklist(['managed', 'platform']), v.description('managed or platform')),
  credentials: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description(
      'Provider-specific credentials: the fields of `{type}.config` and of one `{type}.credentials.{auth_method}` in one object, with ' +
        'ssl_mode (`prefer` if absent), ssl_ca, ssl_cert and ssl_key. `user` means `username`. In mode platform, secret_arn replaces the secrets.',
    ),
    v.metadata({ writeOnly: true }),
  ),
});
type ProviderConnectionInput = v.InferOutput<typeof ProviderConnectionInput>;

const ProviderAuthMethod = v.pipe(
  v.picklist(['password', 'key_pair']),
  v.description('password or key_pair'),
);

const SnowflakeCredentials = v.looseObject({
  auth_method: ProviderAuthMethod,
  account: createProviderText('Snowflake account identifier'),
  user: createProviderText('Username'),
  password: v.exactOptional(createProviderText('Required for password auth')),
  private_key: v.exactOptional(createProviderText('PEM-encoded key for key_pair auth')),
  warehouse: v.exactOptional(createProviderText('Warehouse name')),
  database: v.exactOptional(createProviderText('Database name')),
  schema: v.optional(createProviderText('Schema name (default: PUBLIC)'), 'PUBLIC'),
  role: v.exactOptional(createProviderText('Role name')),
});

const PostgresqlCredentials = v.looseObject({
  host: createProviderText('Database hostname'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.description('Port (default: 5432)')), 5432),
  database: createProviderText('Database name'),
  user: createProviderText('Username'),
  password: v.exactOptional(createProviderText('Password')),
  ssl_mode: v.exactOptional(createProviderText('SSL mode (require, verify-ca, etc.)')),
});

/** Fields that this API requires and that Mooring's own API derives from the others. */
const requiredProviderFields: Readonly<Record<string, v.GenericSchema>> = {
  snowflake: v.looseObject({ auth_method: ProviderAuthMethod }),
};

/** Converts a request to the domain's input, and checks it. */
export const parseProviderInput = (
  type: string,
  { name, mode, credentials }: ProviderConnectionInput,
): ConnectionInput => {
  const requiredFields = requiredProviderFields[type];
  if (requiredFields) parseInput(requiredFields, credentials, 'credentials', 'body');
  const { options, ...parts } = splitProviderCredentials(type, credentials);
  return parseInput(ConnectionInput, {
    name,
    type,
    mode,
    ...parts,
    options: { ssl_mode: 'prefer', ...options },
  });
};

export const ProviderConnection = v.object({
  id: v.string(),
  org_id: v.string(),
  environment_id: v.string(),
  name: v.string(),
  provider: v.string(),
  mode: v.picklist(['managed', 'platform']),
  status: v.literal('pending'),
  last_tested_at: v.null(),
  created_at: v.string(),
  updated_at: v.string(),
});

/** Converts a new connection to this API's form, which is `pending` until its first test ends. */
export const toProviderConnection = (stored: StoredConnection): v.InferOutput<typeof ProviderConnection> => ({
  id: toPublicId(stored.id),
  org_id: stored.org_id,
  environment_id: stored.environment_id,
  name: stored.name,
  provider: stored.type,
  mode: stored.mode,
  status: 'pending',
  last_tested_at: null,
  created_at: stored.created_at,
  updated_at: stored.updated_at,
});

export const providers: WireFormat = {
  name: 'providers',
  description:
    'Creates connections from one object of credentials for each provider. /v1/connections has all other operations on them.',
  prefix: '/v1/providers',
  texts: publishedTexts,
  schemas: {
    answers: { ProviderConnection },
    bodies: { ProviderConnectionInput, SnowflakeCredentials, PostgresqlCredentials },
  },
  examples: {
    create: {
      Snowflake: {
        value: {
          name: 'analytics-warehouse',
          mode: 'managed',
          credentials: {
            auth_method: 'password',
            account: 'myorg-account',
            user: 'EMBEDD_USER',
            password: 'secure_password',
            warehouse: 'COMPUTE_WH',
          },
        },
      },
      PostgreSQL: {
        value: {
          name: 'orders',
          mode: 'managed',
          credentials: {
            host: 'db.example.com',
            database: 'orders',
            user: 'mooring_reader',
            password: 'an-example',
          },
        },
      },
    },
  },
};
