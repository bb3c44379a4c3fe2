import type { Failure } from '../connector.ts';
import { failure as oauthFailure } from '../bigquery/failures.ts';
import { isTransientStatus } from '../retry.ts';
import {
  denied,
  failureOf,
  failureTable,
  fieldsOf,
  textOf,
  textTable,
  type Meaning,
} from '../failure-table.ts';

/**
 * Classifies answers of the workspace's edge by HTTP status, and errors of its engine by SQLSTATE or Spark's error class:
 * https://docs.databricks.com/error-messages/sqlstates
 */
export const failure = (error: unknown, depth = 0): Failure | undefined => {
  const { name, message, code, statusCode, status, errorCode, response, payload, type } = fieldsOf(error);
  // An error about retries that the driver gave up carries the original error.
  if (payload !== undefined && depth < 3)
    return failure(payload, depth + 1) ?? byStatus(statusOf(payload), payload);
  if (typeof status === 'number') return oauthFailure(error);
  if (typeof statusCode === 'number') return byStatus(statusCode, error);
  if (errorCode === 'TIMEOUT' || errorCode === 'CANCELED') return failureOf(slow);
  if (name === 'TApplicationException' && message === 'Request timed out') return failureOf(slow);
  if (textOf(code).startsWith('HPE_')) return failureOf(foreign, textOf(code));
  if (name === 'TProtocolException' || type === 'max-size' || type === 'invalid-json')
    return failureOf(foreign);
  const state = textOf(fieldsOf(response)['sqlState']);
  const condition = conditionIn(message);
  const native = /^[0-9A-Z]{5}$/.test(state) ? state : condition;
  if (native === undefined) return undefined;
  return failureOf(states.get(state) ?? conditions.get(condition ?? '') ?? ['server-error'], native);
};

/** Finds the error with the answer of the workspace's edge: the error itself, or the original error of given-up retries. */
const answeredIn = (error: unknown): unknown => fieldsOf(error)['payload'] ?? error;

/** Whether a retry in a moment may succeed. */
export const isTransient = (error: unknown): boolean => {
  const { statusCode } = fieldsOf(error);
  return isTransientStatus(typeof statusCode === 'number' ? statusCode : statusOf(answeredIn(error)));
};

export const retryAfterIn = (error: unknown): string => headerOf(answeredIn(error), 'retry-after');

/** Whether an object does not exist, or the account may not see it. */
export const isOutOfSight = (error: unknown): boolean => {
  const { response, message } = fieldsOf(error);
  return (
    /^(42501|42P01|42704|3D000|42S02)$/.test(textOf(fieldsOf(response)['sqlState'])) ||
    /^(TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|INSUFFICIENT_PERMISSIONS)$/.test(conditionIn(message) ?? '')
  );
};

/** Finds Spark's own name of the error, which is in brackets; ignores the text around it. */
const conditionIn = (message: unknown): string | undefined =>
  /\[([A-Z][A-Z0-9_]{2,60})(?:\.[A-Z0-9_]{1,60})?\] /.exec(textOf(message))?.[1];

const statusOf = (payload: unknown) => Number(fieldsOf(fieldsOf(payload)['response'])['status'] ?? 0);

/** Finds a header of the answer; empty if there is none. */
const headerOf = (error: unknown, name: string): string => {
  const headers = fieldsOf(fieldsOf(error)['response'])['headers'];
  if (typeof headers !== 'object' || headers === null || !('get' in headers)) return '';
  return typeof headers.get === 'function' ? textOf(headers.get(name)) : '';
};

const byStatus = (status: number, error: unknown): Failure | undefined => {
  if (status === 0) return undefined;
  const native = String(status);
  const reason =
    headerOf(error, 'x-databricks-reason-phrase') || headerOf(error, 'x-thriftserver-error-message');
  const theirs = reason !== '' || headerOf(error, 'content-type').startsWith('application/json');
  if (status === 503) return failureOf(starting, native);
  if (status >= 500) return failureOf(down, native);
  if (!theirs) return failureOf(foreign, native);
  const forbidden = status === 403 ? forbiddenBy(reason) : undefined;
  return failureOf(forbidden ?? statuses.get(native) ?? ['server-error'], native);
};

export const tooSlow =
  'The query ran into its time limit: raise query_timeout_seconds, or name a schema in config.schema.';
const slow: Meaning = ['timeout', tooSlow];
const foreign: Meaning = ['protocol-mismatch'];
const starting: Meaning = ['server-error', 'The warehouse is starting: try again in a minute or two.'];
const mayNotUse: Meaning = [
  'permission-denied',
  'Give the account the permission CAN USE on the SQL warehouse (SQL Warehouses → Permissions).',
];

const down: Meaning = [
  'server-error',
  'The workspace failed for now: try again in a minute, and see status.databricks.com.',
];

/** 403 means a bad token, a refused address or a warehouse that the account may not use; only the reason phrase says which. */
const forbiddenBy = textTable([
  [
    /IP ACL|IP access list/i,
    'permission-denied',
    'An IP access list of the workspace or account refuses our addresses: add those that `vantage` names.',
  ],
  [/permission/i, ...mayNotUse],
]);

const statuses = failureTable({
  '401 403': ['authentication-failed', 'Send a token that is valid, and none of another workspace.'],
  '404': ['database-not-found', 'Check http_path: the workspace has no such warehouse.'],
  '429': ['server-error', 'The workspace answers no more for now: try again later.'],
});

const notThere: Meaning = ['database-not-found', 'Check catalog and schema.'];
const states = failureTable({
  '42501': denied,
  '42704 3D000': notThere,
  '57014 57KD0': ['timeout', tooSlow],
});
/** For errors without SQLSTATE: https://docs.databricks.com/error-messages/error-classes */
const conditions = failureTable({
  'SCHEMA_NOT_FOUND CATALOG_NOT_FOUND NO_SUCH_CATALOG_EXCEPTION': notThere,
  'INSUFFICIENT_PERMISSIONS PERMISSION_DENIED': denied,
  UC_NOT_ENABLED: [
    'server-error',
    'The warehouse has no Unity Catalog: use one that has, or leave out catalog.',
  ],
});
