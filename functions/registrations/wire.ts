import * as v from 'valibot';
import { connectorOf, newConnectionOf, sortFields, supabaseSchemas } from '../../shared/domain/assemble.ts';
import type { NewConnection, StoredConnection } from '../../shared/domain/connection.ts';
import { ConnectionInput, ConnectionName } from '../../shared/domain/connection-input.ts';
import { readCatalog } from '../../shared/domain/derived.ts';
import type { Tenant } from '../../shared/domain/tenant.ts';
import { findConnection } from '../../shared/domain/write.ts';
import type { Api } from '../../shared/http/api.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { Problem } from '../../shared/problem.ts';
import { ErrorDetail, failure, HTTPValidationError } from './wire-failures.ts';

const about = <S extends v.GenericSchema>(schema: S, title: string, description: string) =>
  v.pipe(schema, v.title(title), v.description(description));

/** This API's names of PostgreSQL flavors, with Mooring's own. */
const flavors = {
  supabase: 'supabase',
  postgres_gcp: 'gcp',
  postgresql_local: 'local',
  postgresql_aws: 'aws',
  postgresql: null,
} as const;

const isDbType = (name: string): name is keyof typeof flavors => Object.hasOwn(flavors, name);

export const ConnectionCreate = v.strictObject({
  name: about(ConnectionName, 'Name', 'Human-readable label for this database connection.'),
  db_type: about(
    v.pipe(v.string(), v.regex(/^(supabase|postgres_gcp|postgresql_local|postgresql_aws|postgresql)$/)),
    'Db Type',
    "Database provider type. 'supabase', 'postgres_gcp', 'postgresql_local', 'postgresql_aws', or 'postgresql'.",
  ),
  connection_string: about(
    v.pipe(v.string(), v.minLength(10)),
    'Connection String',
    'Full PostgreSQL connection URI including credentials. Encrypted at rest after registration.',
  ),
  excluded_schemas: v.optional(
    about(
      ConnectionInput.entries.excluded_schemas.wrapped,
      'Excluded Schemas',
      'Schema names to exclude from default introspection. Defaults to Supabase internal schemas (auth, storage, realtime, extensions, vault, pgsodium, graphql, graphql_public) per D-10. Pass empty list [] to exclude nothing.',
    ),
  ),
});

export const ConnectionResponse = v.object({
  id: about(v.pipe(v.string(), v.uuid()), 'Id', 'Unique identifier for the connection.'),
  name: about(v.string(), 'Name', 'Human-readable label assigned during registration.'),
  db_type: about(v.string(), 'Db Type', "Database provider type. 'supabase' or 'postgres_gcp'."),
  host: about(v.string(), 'Host', 'Database server hostname extracted from the connection string.'),
  port: about(v.pipe(v.number(), v.integer()), 'Port', 'Database server port number.'),
  database_name: about(v.string(), 'Database Name', 'Name of the target database on the server.'),
  excluded_schemas: about(
    v.array(v.string()),
    'Excluded Schemas',
    'Schema names excluded from default introspection for this connection.',
  ),
  is_active: about(
    v.boolean(),
    'Is Active',
    'Whether this connection is active. Inactive connections are soft-deleted.',
  ),
  created_at: about(
    v.pipe(v.string(), v.isoTimestamp()),
    'Created At',
    'Timestamp when the connection was registered.',
  ),
  last_introspected_at: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
});

const envelope = <S extends v.GenericSchema>(data: S) =>
  v.object({
    success: about(v.boolean(), 'Success', 'Whether the request succeeded.'),
    data: v.nullable(data),
    error: v.nullable(ErrorDetail),
  });

export const ConnectionCreateResponse = envelope(ConnectionResponse);
export const ConnectionListResponse = envelope(v.array(ConnectionResponse));
const FailureResponse = envelope(v.never());

export const registrations = {
  name: 'registrations',
  description:
    'PostgreSQL databases by their connection strings. Answers are `{success, data, error}`; a request of the wrong shape is answered 422 with `detail`.',
  prefix: '/api/v1/connections',
  failure,
  failureBody: (status) => (status === 422 ? HTTPValidationError : FailureResponse),
  schemas: {
    answers: {
      ConnectionResponse,
      ConnectionCreateResponse,
      ConnectionListResponse,
      FailureResponse,
      ErrorDetail,
      HTTPValidationError,
    },
    bodies: { ConnectionCreate },
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
} as const satisfies Api;

/** Parses the public UUID to the internal 32 hex digits. */
export const byId = v.object({
  id: v.pipe(
    v.string(),
    v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID'),
    v.transform((id) => id.replaceAll('-', '').toLowerCase()),
  ),
});

export const uuidOf = (id: string): string =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Converts a registration to a draft. Its clients have no certificates, so `ssl_mode` defaults to `prefer`. */
export const draftOf = async (body: v.InferOutput<typeof ConnectionCreate>): Promise<NewConnection> => {
  // SQLAlchemy adds the name of its driver to the scheme: postgresql+asyncpg://
  const connection_string = body.connection_string.replace(/^(\s*postgres(?:ql)?)\+[a-z0-9_]+:/i, '$1:');
  const { config, credentials, options } = await sortFields(connectorOf('postgresql'), { connection_string });
  return newConnectionOf({
    name: body.name,
    type: 'postgresql',
    flavor: isDbType(body.db_type) ? flavors[body.db_type] : null,
    role: 'source',
    mode: 'managed',
    config: { ...config },
    credentials: { ...credentials },
    options: { ssl_mode: 'prefer', ...options },
    excluded_schemas: body.excluded_schemas ?? [...supabaseSchemas],
  });
};

/** This API only has PostgreSQL connections; those of other connectors are not found. */
export const filter = { type: 'postgresql' } as const;

export const findRegistration = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<StoredConnection> => {
  const found = await findConnection(store, tenant, id);
  if (found.type !== filter.type) throw new Problem('not-found');
  return found;
};

export const registrationOf = (stored: StoredConnection): v.InferOutput<typeof ConnectionResponse> => ({
  id: uuidOf(stored.id),
  name: stored.name,
  db_type: Object.entries(flavors).find(([, flavor]) => flavor === stored.flavor)?.[0] ?? 'postgresql',
  host: String(stored.config['host']),
  port: Number(stored.config['port']),
  database_name: String(stored.config['database']),
  excluded_schemas: [...stored.excluded_schemas],
  is_active: stored.deleted_at === null,
  created_at: stored.created_at,
  last_introspected_at: readCatalog(stored)?.introspected_at ?? null,
});

export const success = <T>(data: T) => ({ success: true, data, error: null });
