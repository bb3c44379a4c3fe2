import { findByName, findConnection } from '../../shared/domain/write.ts';
import type { StoredConnection } from '../../shared/domain/connection.ts';
import { isForbiddenAddress } from '../../shared/domain/forbidden.ts';
import type { Tenant } from '../../shared/domain/tenant.ts';
import type { Api } from '../../shared/http/api.ts';
import type { Caller } from '../../shared/http/caller.ts';
import { refusal } from '../../shared/parse.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { Problem } from '../../shared/problem.ts';
import type { Settings } from '../../shared/settings.ts';
import { shown } from './wire-connections.ts';
import { ErrorResponse, failure, type FetCode } from './wire-failures.ts';
import { ConnectionResponse, CreateConnectionRequest, UpdateConnectionRequest } from './wire-schemas.ts';
import { SchemaValidationError, ValidateSchemaRequest } from './wire-validation.ts';

/** https://docs.lerian.studio/llms.txt, *Database Connections*. */
export const management = {
  name: 'management',
  description:
    'Endpoints for managing the database connections used by Reporter: camelCase, ids are UUIDs, and failures are `{code, title, message, ' +
    'fields?}` with codes of the form `FET-…`. `FET-9` and a status is what any API may answer: 401, 403, 405, 409 (in use), 413, 415, 429. ' +
    '`FET-1014` and `FET-1016` are reserved. A connection without host, port, database or user name, or of another ' +
    'kind of source, is not shown here.',
  prefix: '/v1/management',
  failure,
  failureBody: () => ErrorResponse,
  schemas: {
    answers: { ConnectionResponse, Error: ErrorResponse, SchemaValidationError },
    bodies: { CreateConnectionRequest, UpdateConnectionRequest, ValidateSchemaRequest },
  },
  examples: {
    create: {
      PostgreSQL: {
        value: {
          configName: 'production-db',
          type: 'POSTGRESQL',
          host: 'db.example.com',
          port: 5432,
          databaseName: 'mydatabase',
          userName: 'dbuser',
          password: 'secretpassword',
          schema: 'public',
          ssl: {
            mode: 'require',
            ca: '-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEbV...\n-----END CERTIFICATE-----\n',
          },
          metadata: { environment: 'production', team: 'data-engineering' },
        },
      },
    },
    change: { 'Another host': { value: { host: 'db2.example.com', password: 'an-example' } } },
    'validate-schema': {
      'Two tables': {
        value: {
          mappedFields: { 'production-db': { orders: ['id', 'total'], 'sales.invoices': ['number'] } },
        },
      },
    },
  },
} as const satisfies Api;

/** Creates a problem with this API's own error code. */
export const refused = (code: FetCode, path: string, expected: string): Problem =>
  refusal([{ path, expected, rule: code }]);

/** Throws if the `X-Organization-Id` header names another organisation than the caller's. */
export const checkOrganization = (
  headers: { readonly 'x-organization-id'?: string | undefined },
  { org }: Caller,
): void => {
  const named = headers['x-organization-id'];
  if (named !== undefined && named !== org)
    throw refusal(
      [{ path: 'x-organization-id', expected: 'the organisation of the caller' }],
      'invalid-request',
      'header',
    );
};

/** Throws if the host is an address that the egress policy forbids. */
export const checkHost = (
  { egress = {} }: Settings,
  { environment }: Tenant,
  { host, port }: { readonly host: string; readonly port: number },
): void => {
  if (isForbiddenAddress(egress, { host, port, environment }))
    throw refused('FET-0414', 'host', 'an address that may be connected to');
};

export const checkNotEmpty = (body: object): void => {
  if (Object.keys(body).length === 0)
    throw refusal([{ path: '', expected: 'a field', rule: 'missing' }], 'invalid-request', 'body');
};

/** How long a request waits for an introspection. */
export const patience = 25_000;

export interface Shown {
  readonly stored: StoredConnection;
  readonly wire: ConnectionResponse;
}

/** Finds a connection in stored form and in this API's form. Throws `not-found` if the API cannot represent it. */
export const findShown = async (store: ReadStore, tenant: Tenant, id: string): Promise<Shown> =>
  shownOf(await findConnection(store, tenant, id));

export const findShownByName = async (
  store: ReadStore,
  tenant: Tenant,
  name: string,
): Promise<Shown | undefined> => {
  const stored = await findByName(store, tenant, name);
  const wire = stored && shown(stored);
  return stored && wire && { stored, wire };
};

export const shownOf = (stored: StoredConnection): Shown => {
  const wire = shown(stored);
  if (!wire) throw new Problem('not-found', 'There is no connection of this id here');
  return { stored, wire };
};

/** Repeats an attempt, up to 5 times, if another update of the connection came in between (`precondition-failed`). */
export const retried = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let left = 5; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof Problem) || error.code !== 'precondition-failed') throw error;
    }
  }
};
