import { findConnectionByName, findConnection } from '../../domain/connections/connection-repository.ts';
import type { StoredConnection } from '../../domain/connections/connection.ts';
import { isForbiddenAddress } from '../../domain/input/forbidden-address.ts';
import type { Tenant } from '../../domain/access/tenant.ts';
import type { WireFormat } from '../../http/wire-format.ts';
import type { Caller } from '../../http/authenticate.ts';
import { createFieldProblem } from '../../parse-input.ts';
import type { ReadStore } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { DeploymentSettings } from '../../settings.ts';
import { publishedTexts } from '../published-texts.ts';
import { toManagementConnection } from './connections.ts';
import { ManagementErrorResponse, renderManagementFailure, type FetCode } from './failures.ts';
import { ManagementConnection, ManagementCreateRequest, ManagementUpdateRequest } from './schemas.ts';
import { SchemaValidationError, ValidateSchemaRequest } from './validation.ts';

/** https://docs.lerian.studio/llms.txt, *Database Connections*. */
export const management = {
  name: 'management',
  description:
    'Endpoints for managing the database connections used by Reporter: camelCase, ids are UUIDs, and failures are `{code, title, message, ' +
    'fields?}` with codes of the form `FET-…`. Codes of the form `FET-9` and a status are general: 401, 403, 405, 409 (in use), 413, 415, 429. ' +
    '`FET-1014` and `FET-1016` are reserved. Connections without host, port, database or user name, and those of other ' +
    'connectors, are not listed here.',
  prefix: '/v1/management',
  texts: publishedTexts,
  failure: renderManagementFailure,
  failureBody: () => ManagementErrorResponse,
  schemas: {
    answers: {
      ConnectionResponse: ManagementConnection,
      Error: ManagementErrorResponse,
      SchemaValidationError,
    },
    bodies: {
      CreateConnectionRequest: ManagementCreateRequest,
      UpdateConnectionRequest: ManagementUpdateRequest,
      ValidateSchemaRequest,
    },
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
} as const satisfies WireFormat;

/** Creates a problem with this API's own error code. */
export const createFetProblem = (code: FetCode, path: string, expected: string): Problem =>
  createFieldProblem([{ path, expected, rule: code }]);

/** Throws if the `X-Organization-Id` header names another organisation than the caller's. */
export const checkOrganization = (
  headers: { readonly 'x-organization-id'?: string | undefined },
  { org }: Caller,
): void => {
  const named = headers['x-organization-id'];
  if (named !== undefined && named !== org)
    throw createFieldProblem(
      [{ path: 'x-organization-id', expected: 'the organisation of the caller' }],
      'invalid-request',
      'header',
    );
};

/** Throws if the host is an address that the egress policy forbids. */
export const checkHost = (
  { egress = {} }: DeploymentSettings,
  { environment }: Tenant,
  { host, port }: { readonly host: string; readonly port: number },
): void => {
  if (isForbiddenAddress(egress, { host, port, environment }))
    throw createFetProblem('FET-0414', 'host', 'an address that may be connected to');
};

export const checkNotEmpty = (body: object): void => {
  if (Object.keys(body).length === 0)
    throw createFieldProblem([{ path: '', expected: 'a field', rule: 'missing' }], 'invalid-request', 'body');
};

/** How long a request waits for an introspection. */
export const MANAGEMENT_WAIT_MS = 25_000;

export interface ManagementEntry {
  readonly stored: StoredConnection;
  readonly wire: ManagementConnection;
}

/** Finds a connection in stored form and in this API's form. Throws `not-found` if the API cannot represent it. */
export const findManagementEntry = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<ManagementEntry> => toManagementEntry(await findConnection(store, tenant, id));

export const findManagementEntryByName = async (
  store: ReadStore,
  tenant: Tenant,
  name: string,
): Promise<ManagementEntry | undefined> => {
  const stored = await findConnectionByName(store, tenant, name);
  const wire = stored && toManagementConnection(stored);
  return stored && wire && { stored, wire };
};

export const toManagementEntry = (stored: StoredConnection): ManagementEntry => {
  const wire = toManagementConnection(stored);
  if (!wire) throw new Problem('not-found', 'There is no connection of this id here');
  return { stored, wire };
};

/** Repeats an attempt, up to 5 times, if another update of the connection came in between (`precondition-failed`). */
export const retryOnConflict = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let left = 5; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof Problem) || error.code !== 'precondition-failed') throw error;
    }
  }
};
