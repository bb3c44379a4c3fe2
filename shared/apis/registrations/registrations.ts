import * as v from 'valibot';
import {
  resolveConnector,
  parseConnectionInput,
  splitFields,
  supabaseSchemas,
} from '../../domain/connections/parse-connection-input.ts';
import type { NewConnection, StoredConnection } from '../../domain/connections/connection.ts';
import { ConnectionInput, ConnectionName } from '../../domain/connections/connection-input.ts';
import { readCurrentCatalog } from '../../domain/connections/derived-data.ts';
import type { Tenant } from '../../domain/access/tenant.ts';
import { findConnection } from '../../domain/connections/connection-repository.ts';
import type { WireFormat } from '../../http/wire-format.ts';
import type { ReadStore } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { publishedTexts } from '../published-texts.ts';
import { RegistrationErrorDetail, renderRegistrationFailure, HTTPValidationError } from './failures.ts';

const describeField = <S extends v.GenericSchema>(schema: S, title: string, description: string) =>
  v.pipe(schema, v.title(title), v.description(description));

/** This API's names of PostgreSQL flavors, with Mooring's own. */
const registrationFlavors = {
  supabase: 'supabase',
  postgres_gcp: 'gcp',
  postgresql_local: 'local',
  postgresql_aws: 'aws',
  postgresql: null,
} as const;

const isDbType = (name: string): name is keyof typeof registrationFlavors =>
  Object.hasOwn(registrationFlavors, name);

export const RegistrationInput = v.strictObject({
  name: describeField(ConnectionName, 'Name', 'Human-readable label for this database connection.'),
  db_type: describeField(
    v.pipe(v.string(), v.regex(/^(supabase|postgres_gcp|postgresql_local|postgresql_aws|postgresql)$/)),
    'Db Type',
    "Database provider type. 'supabase', 'postgres_gcp', 'postgresql_local', 'postgresql_aws', or 'postgresql'.",
  ),
  connection_string: describeField(
    v.pipe(v.string(), v.minLength(10)),
    'Connection String',
    'Full PostgreSQL connection URI including credentials. Encrypted at rest after registration.',
  ),
  excluded_schemas: v.optional(
    describeField(
      ConnectionInput.entries.excluded_schemas.wrapped,
      'Excluded Schemas',
      'Schema names to exclude from default introspection. Defaults to Supabase internal schemas (auth, storage, realtime, extensions, vault, pgsodium, graphql, graphql_public) per D-10. Pass empty list [] to exclude nothing.',
    ),
  ),
});

export const RegisteredConnection = v.object({
  id: describeField(v.pipe(v.string(), v.uuid()), 'Id', 'Unique identifier for the connection.'),
  name: describeField(v.string(), 'Name', 'Human-readable label assigned during registration.'),
  db_type: describeField(v.string(), 'Db Type', "Database provider type. 'supabase' or 'postgres_gcp'."),
  host: describeField(v.string(), 'Host', 'Database server hostname extracted from the connection string.'),
  port: describeField(v.pipe(v.number(), v.integer()), 'Port', 'Database server port number.'),
  database_name: describeField(v.string(), 'Database Name', 'Name of the target database on the server.'),
  excluded_schemas: describeField(
    v.array(v.string()),
    'Excluded Schemas',
    'Schema names excluded from default introspection for this connection.',
  ),
  is_active: describeField(
    v.boolean(),
    'Is Active',
    'Whether this connection is active. Inactive connections are soft-deleted.',
  ),
  created_at: describeField(
    v.pipe(v.string(), v.isoTimestamp()),
    'Created At',
    'Timestamp when the connection was registered.',
  ),
  last_introspected_at: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
});

const createRegistrationEnvelope = <S extends v.GenericSchema>(data: S) =>
  v.object({
    success: describeField(v.boolean(), 'Success', 'Whether the request succeeded.'),
    data: v.nullable(data),
    error: v.nullable(RegistrationErrorDetail),
  });

export const RegistrationResponse = createRegistrationEnvelope(RegisteredConnection);
export const RegistrationListResponse = createRegistrationEnvelope(v.array(RegisteredConnection));
const RegistrationFailureResponse = createRegistrationEnvelope(v.never());

export const registrations = {
  name: 'registrations',
  description:
    'PostgreSQL databases, registered by connection string. Answers have the form `{success, data, error}`. A request of the wrong form is answered with 422 and `detail`.',
  prefix: '/api/v1/connections',
  texts: publishedTexts,
  failure: renderRegistrationFailure,
  failureBody: (status) => (status === 422 ? HTTPValidationError : RegistrationFailureResponse),
  schemas: {
    answers: {
      ConnectionResponse: RegisteredConnection,
      ConnectionCreateResponse: RegistrationResponse,
      ConnectionListResponse: RegistrationListResponse,
      FailureResponse: RegistrationFailureResponse,
      ErrorDetail: RegistrationErrorDetail,
      HTTPValidationError,
    },
    bodies: { ConnectionCreate: RegistrationInput },
  },
  examples: {
    create: {
      Supabase: {
        value: {
          name: 'Orders',
          db_type: 'supabase',
          connection_string: 'postgresql://mooring_reader:an-example@db.example.com:5432/postgres',
        },
      },
    },
  },
} as const satisfies WireFormat;

/** Parses the public UUID to the internal 32 hex digits. */
export const registrationParams = v.object({
  id: v.pipe(
    v.string(),
    v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID'),
    v.transform((id) => id.replaceAll('-', '').toLowerCase()),
  ),
});

export const toRegistrationId = (id: string): string =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Converts a registration to a draft. Its clients have no certificates, so `ssl_mode` defaults to `prefer`. */
export const parseRegistrationDraft = async (
  body: v.InferOutput<typeof RegistrationInput>,
): Promise<NewConnection> => {
  // SQLAlchemy adds the name of its driver to the scheme: postgresql+asyncpg://
  const connection_string = body.connection_string.replace(/^(\s*postgres(?:ql)?)\+[a-z0-9_]+:/i, '$1:');
  const { config, credentials, options } = await splitFields(resolveConnector('postgresql'), {
    connection_string,
  });
  return parseConnectionInput({
    name: body.name,
    type: 'postgresql',
    flavor: isDbType(body.db_type) ? registrationFlavors[body.db_type] : null,
    role: 'source',
    mode: 'managed',
    config: { ...config },
    credentials: { ...credentials },
    options: { ssl_mode: 'prefer', ...options },
    excluded_schemas: body.excluded_schemas ?? [...supabaseSchemas],
  });
};

/** This API only has PostgreSQL connections; those of other connectors are not found. */
export const registrationFilter = { type: 'postgresql' } as const;

export const findRegistration = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<StoredConnection> => {
  const found = await findConnection(store, tenant, id);
  if (found.type !== registrationFilter.type) throw new Problem('not-found');
  return found;
};

export const toRegistration = (stored: StoredConnection): v.InferOutput<typeof RegisteredConnection> => ({
  id: toRegistrationId(stored.id),
  name: stored.name,
  db_type:
    Object.entries(registrationFlavors).find(([, flavor]) => flavor === stored.flavor)?.[0] ?? 'postgresql',
  host: String(stored.config['host']),
  port: Number(stored.config['port']),
  database_name: String(stored.config['database']),
  excluded_schemas: [...stored.excluded_schemas],
  is_active: stored.deleted_at === null,
  created_at: stored.created_at,
  last_introspected_at: readCurrentCatalog(stored)?.introspected_at ?? null,
});

export const toSuccessEnvelope = <T>(data: T) => ({ success: true, data, error: null });
