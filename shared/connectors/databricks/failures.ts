import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';
import { failure as oauthFailure } from '../bigquery/failures.ts';

/**
 * Goes by the status of what the workspace's edge answered, and by SQLSTATE or Spark's error class of what its engine did:
 * https://docs.databricks.com/error-messages/sqlstates
 */
export const failure = (error: unknown, depth = 0): Failure | undefined => {
  const { name, message, code, statusCode, status, errorCode, response, payload, type } = fieldsOf(error);
  // What was given up to be tried again carries what it was given up for.
  if (payload !== undefined && depth < 3)
    return failure(payload, depth + 1) ?? byStatus(statusOf(payload), payload);
  if (typeof status === 'number') return oauthFailure(error);
  if (typeof statusCode === 'number') return byStatus(statusCode, error);
  if (errorCode === 'TIMEOUT' || errorCode === 'CANCELED') return slow;
  if (name === 'TApplicationException' && message === 'Request timed out') return slow;
  if (textOf(code).startsWith('HPE_')) return { ...foreign, native: textOf(code) };
  if (name === 'TProtocolException' || type === 'max-size' || type === 'invalid-json') return foreign;
  const state = textOf(fieldsOf(response)['sqlState']);
  const condition = conditionIn(message);
  const known = states[state] ?? conditions[condition ?? ''];
  if (!known && !/^[0-9A-Z]{5}$/.test(state) && condition === undefined) return undefined;
  const native = /^[0-9A-Z]{5}$/.test(state) ? state : condition;
  return said(known ?? { code: 'server-error' }, native);
};

/** Whether what was asked for is not there, or not this account's to see. */
export const isOutOfSight = (error: unknown): boolean => {
  const { response, message } = fieldsOf(error);
  return (
    /^(42501|42P01|42704|3D000|42S02)$/.test(textOf(fieldsOf(response)['sqlState'])) ||
    /^(TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|INSUFFICIENT_PERMISSIONS)$/.test(conditionIn(message) ?? '')
  );
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const said = ({ code, cure }: Said, native: string | undefined): Failure => ({
  code,
  ...(native !== undefined && { native }),
  ...(cure !== undefined && { remediation: cure }),
});

/** Spark's own name for what went wrong stands in brackets; of the text around it nothing is read. */
const conditionIn = (message: unknown): string | undefined =>
  /\[([A-Z][A-Z0-9_]{2,60})(?:\.[A-Z0-9_]{1,60})?\] /.exec(textOf(message))?.[1];

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => Object(value);
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
const statusOf = (payload: unknown) => Number(fieldsOf(fieldsOf(payload)['response'])['status'] ?? 0);

/** A header of the answer that was refused. */
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
  if (status === 503) return said(starting, native);
  if (status >= 500) return said({ code: 'server-error' }, native);
  if (!theirs) return said({ code: 'protocol-mismatch' }, native);
  // 403 is said both to a token that is none and to one that may not use the warehouse; the phrase alone tells.
  if (status === 403 && /permission/i.test(reason)) return said(mayNotUse, native);
  return said(statuses[status] ?? { code: 'server-error' }, native);
};

const slow: Failure = {
  code: 'timeout',
  remediation:
    'The query ran into its time limit: raise query_timeout_seconds, or name a schema in config.schema.',
};
const foreign: Failure = { code: 'protocol-mismatch' };
const starting: Said = {
  code: 'server-error',
  cure: 'The warehouse is starting: try again in a minute or two.',
};
const mayNotUse: Said = {
  code: 'permission-denied',
  cure: 'Give the account the permission CAN USE on the SQL warehouse (SQL Warehouses → Permissions).',
};

const statuses: Readonly<Record<number, Said>> = {
  401: { code: 'authentication-failed', cure: 'Send a token that is valid, and none of another workspace.' },
  403: { code: 'authentication-failed', cure: 'Send a token that is valid, and none of another workspace.' },
  404: { code: 'database-not-found', cure: 'Check http_path: the workspace has no such warehouse.' },
  429: { code: 'server-error', cure: 'The workspace answers no more for now: try again later.' },
};

const notThere: Said = { code: 'database-not-found', cure: 'Check catalog and schema.' };
const states: Readonly<Record<string, Said>> = {
  '42501': { code: 'permission-denied', cure: 'Grant what the step privileges names.' },
  '42704': notThere,
  '3D000': notThere,
  '57014': { code: 'timeout' },
  '57KD0': { code: 'timeout' },
};
/** Where there is no SQLSTATE: https://docs.databricks.com/error-messages/error-classes */
const conditions: Readonly<Record<string, Said>> = {
  SCHEMA_NOT_FOUND: notThere,
  CATALOG_NOT_FOUND: notThere,
  NO_SUCH_CATALOG_EXCEPTION: notThere,
  INSUFFICIENT_PERMISSIONS: { code: 'permission-denied', cure: 'Grant what the step privileges names.' },
};
