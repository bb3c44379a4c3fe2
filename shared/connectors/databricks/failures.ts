import type { SourceFailure } from '../connector.ts';
import { oauthMeanings } from '../http/oauth-meanings.ts';
import { classifyRestRefusal } from '../http/rest-refusal.ts';
import { isTransientStatus } from '../reading/retry.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
  type FailureMeaning,
} from '../failure-table.ts';

/**
 * Classifies answers of the workspace's edge by HTTP status, and errors of its engine by SQLSTATE or Spark's error class:
 * https://docs.databricks.com/error-messages/sqlstates
 */
export const classifyDatabricksError = (error: unknown, depth = 0): SourceFailure | undefined => {
  const { name, message, code, statusCode, status, errorCode, response, payload, type } =
    readErrorFields(error);
  // An error about retries that the driver gave up carries the original error.
  if (payload !== undefined && depth < 3)
    return (
      classifyDatabricksError(payload, depth + 1) ??
      classifyDatabricksStatus(findDatabricksStatus(payload), payload)
    );
  if (typeof status === 'number') return classifyRestRefusal(error, databricksOauthFailures);
  if (typeof statusCode === 'number') return classifyDatabricksStatus(statusCode, error);
  if (errorCode === 'TIMEOUT' || errorCode === 'CANCELED') return toSourceFailure(databricksTimeout);
  if (name === 'TApplicationException' && message === 'Request timed out')
    return toSourceFailure(databricksTimeout);
  if (toTextOrEmpty(code).startsWith('HPE_')) return toSourceFailure(notDatabricks, toTextOrEmpty(code));
  if (name === 'TProtocolException' || type === 'max-size' || type === 'invalid-json')
    return toSourceFailure(notDatabricks);
  const state = toTextOrEmpty(readErrorFields(response)['sqlState']);
  const condition = findDatabricksCondition(message);
  const native = /^[0-9A-Z]{5}$/.test(state) ? state : condition;
  if (native === undefined) return undefined;
  return toSourceFailure(
    databricksFailuresBySqlState.get(state) ??
      databricksFailuresByCondition.get(condition ?? '') ?? ['server-error'],
    native,
  );
};

/** Finds the error with the answer of the workspace's edge: the error itself, or the original error of given-up retries. */
const findDatabricksAnswer = (error: unknown): unknown => readErrorFields(error)['payload'] ?? error;

/** Whether a retry in a moment may succeed. */
export const isTransientDatabricksError = (error: unknown): boolean => {
  const { statusCode } = readErrorFields(error);
  return isTransientStatus(
    typeof statusCode === 'number' ? statusCode : findDatabricksStatus(findDatabricksAnswer(error)),
  );
};

export const findDatabricksRetryAfter = (error: unknown): string =>
  findDatabricksHeader(findDatabricksAnswer(error), 'retry-after');

/** Whether an object does not exist, or the account may not see it. */
export const isNotVisible = (error: unknown): boolean => {
  const { response, message } = readErrorFields(error);
  return (
    /^(42501|42P01|42704|3D000|42S02)$/.test(toTextOrEmpty(readErrorFields(response)['sqlState'])) ||
    /^(TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|INSUFFICIENT_PERMISSIONS)$/.test(
      findDatabricksCondition(message) ?? '',
    )
  );
};

/** Finds Spark's own name of the error, which is in brackets; ignores the text around it. */
const findDatabricksCondition = (message: unknown): string | undefined =>
  /\[([A-Z][A-Z0-9_]{2,60})(?:\.[A-Z0-9_]{1,60})?\] /.exec(toTextOrEmpty(message))?.[1];

const findDatabricksStatus = (payload: unknown) =>
  Number(readErrorFields(readErrorFields(payload)['response'])['status'] ?? 0);

/** Finds a header of the answer; empty if there is none. */
const findDatabricksHeader = (error: unknown, name: string): string => {
  const headers = readErrorFields(readErrorFields(error)['response'])['headers'];
  if (typeof headers !== 'object' || headers === null || !('get' in headers)) return '';
  return typeof headers.get === 'function' ? toTextOrEmpty(headers.get(name)) : '';
};

const classifyDatabricksStatus = (status: number, error: unknown): SourceFailure | undefined => {
  if (status === 0) return undefined;
  const native = String(status);
  const reason =
    findDatabricksHeader(error, 'x-databricks-reason-phrase') ||
    findDatabricksHeader(error, 'x-thriftserver-error-message');
  const isWorkspaceAnswer =
    reason !== '' || findDatabricksHeader(error, 'content-type').startsWith('application/json');
  if (status === 503) return toSourceFailure(databricksStarting, native);
  if (status >= 500) return toSourceFailure(databricksDown, native);
  if (!isWorkspaceAnswer) return toSourceFailure(notDatabricks, native);
  const forbidden = status === 403 ? classifyDatabricksForbidden(reason) : undefined;
  return toSourceFailure(forbidden ?? databricksFailuresByStatus.get(native) ?? ['server-error'], native);
};

export const databricksTimeoutRemediation =
  'The query exceeded its time limit. Raise query_timeout_seconds, or set config.schema to limit the introspection to one schema.';
const databricksTimeout: FailureMeaning = ['timeout', databricksTimeoutRemediation];
const notDatabricks: FailureMeaning = ['protocol-mismatch'];
const databricksStarting: FailureMeaning = [
  'server-error',
  'The warehouse is starting. Try again in a minute or two.',
];
const databricksUseDenied: FailureMeaning = [
  'permission-denied',
  'Grant the account the permission CAN USE on the SQL warehouse (SQL Warehouses → Permissions).',
];

const databricksDown: FailureMeaning = [
  'server-error',
  'The workspace reported an internal error. Try again in a minute, and check status.databricks.com.',
];

/** 403 means a bad token, a refused address or a warehouse that the account may not use; only the reason phrase says which. */
const classifyDatabricksForbidden = createTextClassifier([
  [
    /IP ACL|IP access list/i,
    'permission-denied',
    'An IP access list of the workspace or account rejects the addresses of the probe. Add the addresses in `vantage` to it.',
  ],
  [/permission/i, ...databricksUseDenied],
]);

const databricksFailuresByStatus = createFailureTable({
  '401 403': ['authentication-failed', 'Send a valid token for this workspace.'],
  '404': [
    'database-not-found',
    'Check config.http_path: the workspace has no warehouse or cluster with this path.',
  ],
  '429': ['server-error', 'The workspace is throttling requests. Try again later.'],
});

const databricksOauthFailures = createFailureTable(oauthMeanings);

const databricksNotFound: FailureMeaning = ['database-not-found', 'Check config.catalog and config.schema.'];
const databricksFailuresBySqlState = createFailureTable({
  '42501': permissionDenied,
  '42704 3D000': databricksNotFound,
  '57014 57KD0': ['timeout', databricksTimeoutRemediation],
});
/** For errors without SQLSTATE: https://docs.databricks.com/error-messages/error-classes */
const databricksFailuresByCondition = createFailureTable({
  'SCHEMA_NOT_FOUND CATALOG_NOT_FOUND NO_SUCH_CATALOG_EXCEPTION': databricksNotFound,
  'INSUFFICIENT_PERMISSIONS PERMISSION_DENIED': permissionDenied,
  UC_NOT_ENABLED: [
    'server-error',
    'The warehouse does not use Unity Catalog. Use a warehouse that does, or remove config.catalog.',
  ],
});
